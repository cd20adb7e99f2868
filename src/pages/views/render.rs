use std::fmt;
use std::sync::{Arc, LazyLock};

use super::assets::{self, Asset, Assets, Logos};
use super::brand::{Brand, BrandLinks, Theme};
use super::chrome::{self, Chrome};
use super::message::MessagePage;
use super::page::{Head, Page};
use super::templates::{Templates, not_text};
use super::{element, plain, samples};
use crate::words::{Context, Language, Languages, Mistake, Safe, TemplateError};

/// The page where a template fails. Every state of every page is tested, so this needs a template
/// of the operator's.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Error</title><h1>Sorry, there is a problem with the service</h1>\
    <p>Try again in a few minutes.</p></html>";

/// Every mistake in the operator's files, one a line.
#[derive(Debug)]
pub struct ViewsError(Vec<Mistake>);

impl ViewsError {
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for ViewsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ViewsError {}

/// The templates, languages and assets of every page, with the operator's brand. Made once, at
/// start.
#[derive(Debug)]
pub struct Views {
    brand: Safe,
    monogram: Safe,
    theme: Theme,
    links: BrandLinks,
    languages: Arc<Languages>,
    templates: Arc<Templates>,
    assets: Assets,
    corrections: Vec<String>,
}

impl Views {
    /// The built-in pages.
    ///
    /// # Errors
    /// A built-in template cannot be read: a bug.
    pub fn built_in(brand_name: &str) -> Result<Self, ViewsError> {
        Self::new(&Brand::named(brand_name))
    }

    /// The pages with the operator's changes.
    ///
    /// # Errors
    /// Every mistake in the operator's files.
    pub fn new(brand: &Brand) -> Result<Self, ViewsError> {
        let (mut mistakes, mut corrections) = (Vec::new(), Vec::new());
        let assets = Assets::new(brand, &mut mistakes, &mut corrections);
        let texts = texts(brand, &mut mistakes);
        let Some((languages, templates)) = texts.filter(|_| mistakes.is_empty()) else {
            return Err(ViewsError(mistakes));
        };
        let pages = Self {
            brand: Safe::escape(&brand.name),
            monogram: chrome::monogram(&brand.name),
            theme: brand.theme,
            links: brand.links.clone(),
            languages,
            templates,
            assets,
            corrections,
        };
        let mistakes = if pages.templates.are_changed() { pages.try_out() } else { Vec::new() };
        if mistakes.is_empty() { Ok(pages) } else { Err(ViewsError(mistakes)) }
    }

    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    pub const fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The script of `<sms-login>` for the login pages at `issuer`.
    pub fn element(&self, issuer: &str) -> String {
        format!("{}({});", self.assets.widget(), element::for_script(&issuer.into()))
    }

    /// The value of `integrity` for that script (Subresource Integrity §3.2).
    pub fn element_integrity(&self, issuer: &str) -> String {
        element::integrity(&self.element(issuer))
    }

    /// The TypeScript declarations of the element.
    pub const fn element_types(&self) -> &'static str {
        element::TYPES
    }

    /// The URL of the picture in every profile; `base` precedes our paths.
    pub fn picture(&self, base: &str) -> String {
        self.assets.address(base, assets::PERSON)
    }

    /// What was changed of the operator's colours for the sake of contrast.
    pub fn corrections(&self) -> &[String] {
        &self.corrections
    }

    /// The whole HTML document. An error of a template is logged.
    pub fn render(&self, chrome: &Chrome<'_>, page: &impl Page) -> String {
        self.try_render(chrome, page).unwrap_or_else(|error| {
            tracing::error!(%error, "failed to render a page");
            LAST_RESORT.to_owned()
        })
    }

    /// A message without the brand, for a host that is not ours, and its `Content-Security-Policy`.
    /// `here`: as in [`Chrome`].
    pub fn plain(
        &self,
        language: &Language,
        here: &str,
        page: &MessagePage<'_>,
    ) -> (String, String) {
        // Relative, so that nothing of the path stands in the page.
        let query = here.split_once('?').map_or("", |(_, query)| query);
        let here = if here.is_empty() { String::new() } else { format!("?{query}") };
        let links = Chrome { language, base: "", here: &here }.plain_links(&self.languages);
        (plain::html(language, &links, page), plain::policy())
    }

    /// The inside of a page's card, for a page of an application.
    pub fn fragment(&self, chrome: &Chrome<'_>, page: &impl Page) -> String {
        match self.try_fragment(chrome, page) {
            Ok(html) => html.into_string(),
            Err(error) => {
                tracing::error!(%error, "failed to render a fragment of a page");
                String::new()
            }
        }
    }

    fn try_fragment(&self, chrome: &Chrome<'_>, page: &impl Page) -> Result<Safe, TemplateError> {
        let template = self.templates.get(page.template())?;
        template.render(chrome.language, self.inside(chrome, page))
    }

    fn try_render(&self, chrome: &Chrome<'_>, page: &impl Page) -> Result<String, TemplateError> {
        let inner = self.try_fragment(chrome, page)?;
        let outer = self.outside(chrome, page, inner);
        Ok(self.templates.get("layout")?.render(chrome.language, outer)?.into_string())
    }

    /// Fills every template with samples in every language, so that mistakes are found at start and
    /// not at a login. Each is reported once.
    fn try_out(&self) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = Vec::new();
        for language in self.languages.iter() {
            let chrome = Chrome { language, base: "", here: "/login" };
            samples::each(&mut |page| {
                let inner = self.inside(&chrome, page);
                let inner = self.templates.try_out(page.template(), language, inner);
                let outer = |inner| self.outside(&chrome, page, inner);
                let whole = inner
                    .and_then(|inner| self.templates.try_out("layout", language, outer(inner)));
                let new = whole.err().filter(|mistake| !mistakes.contains(mistake));
                mistakes.extend(new);
            });
        }
        mistakes
    }

    /// The variables of every template.
    fn common(&self, chrome: &Chrome<'_>, head: &Head) -> Context {
        let asset = |asset: &Asset| {
            let address = self.assets.address(chrome.base, &asset.name);
            (asset.name.to_string(), Safe::escape(&address))
        };
        Context::new()
            .text("base", Safe::escape(chrome.base))
            .text("brand", self.brand.clone())
            .text("dir", Safe::from_static(chrome.language.direction().as_str()))
            .map("assets", self.assets.iter().map(asset))
            .maybe("terms", self.links.terms.as_ref().map(|url| Safe::escape(url.as_str())))
            .maybe("privacy", self.links.privacy.as_ref().map(|url| Safe::escape(url.as_str())))
            .maybe("onward", head.onward.clone())
    }

    fn inside(&self, chrome: &Chrome<'_>, page: &(impl Page + ?Sized)) -> Context {
        page.fill(chrome.language, self.common(chrome, &page.head()))
    }

    fn outside(&self, chrome: &Chrome<'_>, page: &(impl Page + ?Sized), inner: Safe) -> Context {
        let head = page.head();
        let asset = |name: &str| Safe::escape(&self.assets.address(chrome.base, name));
        let (logo, logo_dark) = self.logos();
        let (icon, icon_dark) = self.assets.icons((logo, logo_dark));
        let link = |(key, url): (&'static str, &url::Url)| {
            let href = Safe::escape(url.as_str());
            Context::new().text("key", Safe::from_static(key)).text("href", href)
        };
        self.common(chrome, &head)
            .text("page", inner)
            .text("template", Safe::from_static(page.template()))
            .text("title_key", Safe::from_static(head.title))
            .flag("problem", head.problem)
            .text("monogram", self.monogram.clone())
            .text("scheme", Safe::from_static(self.theme.schemes()))
            .text("icon", asset(icon))
            .text("icon_type", Safe::from_static(self.assets.content_type(icon)))
            .maybe("icon_dark", icon_dark.map(asset))
            .text("style", asset("base.css"))
            .text("script", asset("auth.js"))
            .maybe("logo", logo.map(asset))
            .maybe("logo_dark", logo_dark.map(asset))
            .list("links", self.links.rows().map(link))
            .list("others", chrome.other_languages(&self.languages))
    }

    /// The logo, and the one for dark pages where the visitor's system decides.
    fn logos(&self) -> Logos<'_> {
        let (light, dark) = (self.assets.logo(), self.assets.logo_dark());
        match self.theme {
            Theme::Auto => (light, dark),
            Theme::Light => (light, None),
            Theme::Dark => (dark.or(light), None),
        }
    }
}

/// What pages are made of: the built-in languages and templates with the operator's changes.
fn texts(brand: &Brand, mistakes: &mut Vec<Mistake>) -> Option<(Arc<Languages>, Arc<Templates>)> {
    /// Parsed once a process: many configurations change neither.
    static BUILT_IN: LazyLock<Option<(Arc<Languages>, Arc<Templates>)>> = LazyLock::new(|| {
        let mut mistakes = Vec::new();
        parse(&Brand::default(), &mut mistakes).filter(|_| mistakes.is_empty())
    });
    let is_changed = |brand: &Brand| {
        let folder = &brand.folder;
        !(folder.words.is_empty() && folder.pages.is_empty() && brand.languages.is_empty())
    };
    if is_changed(brand) { parse(brand, mistakes) } else { BUILT_IN.clone() }
}

fn parse(brand: &Brand, mistakes: &mut Vec<Mistake>) -> Option<(Arc<Languages>, Arc<Templates>)> {
    let languages = languages(brand, mistakes)?;
    let templates = Templates::new(&brand.folder.pages, &languages, mistakes)?;
    Some((languages, Arc::new(templates)))
}

fn languages(brand: &Brand, mistakes: &mut Vec<Mistake>) -> Option<Arc<Languages>> {
    let mut texts = Vec::new();
    for file in &brand.folder.words {
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => texts.push((file.name.as_str(), text)),
            Err(_) => mistakes.push(not_text("words", file)),
        }
    }
    match Languages::with(&texts, &brand.languages) {
        Ok(languages) => Some(Arc::new(languages)),
        Err(more) => {
            mistakes.extend(more);
            None
        }
    }
}
