//! Own pages: what each one is given, and how that becomes HTML that holds no other script.
//! Decides nothing: a page shows what it is told.
mod account;
mod assets;
mod brand;
mod chrome;
mod code;
mod color;
mod element;
mod message;
mod number;
mod packed;
mod samples;
mod simple;
mod templates;
mod theme;

use std::fmt;
use std::sync::Arc;

pub use account::{AccountNotice, AccountPage};
pub use assets::{Asset, Assets};
pub use brand::{Brand, Folder, Links, NotAPicture, OwnFile, Picture, Theme};
pub use chrome::Chrome;
pub use code::{CodeNotice, CodePage, CodeProblem, Sending};
pub use color::{Color, InvalidColor};
pub use message::{Limit, MessagePage};
pub use number::{Notice, NumberPage, NumberProblem};
pub use packed::Packed;
pub use simple::{DonePage, SignOutPage, SignedOutPage};

use crate::words::{Context, Language, Languages, Mistake, Safe, TemplateError};
use assets::Logos;
pub(crate) use element::for_script;
use templates::{Templates, not_text};

/// What a person gets when a page cannot be made. Every state of every page is tested, so this
/// needs a template of the operator's that fails.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Error</title><h1>Sorry, there is a problem with the service</h1>\
    <p>Try again in a few minutes.</p></html>";

/// All that is wrong with what the operator changed, each on a line of its own.
#[derive(Debug)]
pub struct PagesError(Vec<Mistake>);

impl PagesError {
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for PagesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for PagesError {}

/// What the layout must know of the page that it stands around.
#[derive(Debug, Default)]
pub struct Head {
    /// The key of its title.
    title: &'static str,
    /// Something was typed wrong: the title says so first.
    problem: bool,
    /// Where the browser goes by itself.
    onward: Option<Safe>,
}

/// A page: its template, and what fills it.
pub trait Page {
    fn template(&self) -> &'static str;
    fn head(&self) -> Head;
    fn fill(&self, language: &Language, context: Context) -> Context;
}

/// Every page, ready to be filled. Made once, at start.
#[derive(Debug)]
pub struct Pages {
    brand: Safe,
    monogram: Safe,
    theme: Theme,
    links: Links,
    languages: Arc<Languages>,
    templates: Templates,
    assets: Assets,
    corrections: Vec<String>,
}

impl Pages {
    pub fn built_in(brand_name: &str) -> Result<Self, PagesError> {
        Self::new(&Brand::named(brand_name))
    }

    /// The pages as the operator wants them, or all that is wrong with that.
    pub fn new(brand: &Brand) -> Result<Self, PagesError> {
        let (mut mistakes, mut corrections) = (Vec::new(), Vec::new());
        let assets = Assets::new(brand, &mut mistakes, &mut corrections);
        let Some(languages) = languages(&brand.folder.words, &mut mistakes) else {
            return Err(PagesError(mistakes));
        };
        let templates = Templates::new(&brand.folder.pages, &languages, &mut mistakes);
        let Some(templates) = templates.filter(|_| mistakes.is_empty()) else {
            return Err(PagesError(mistakes));
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
        if mistakes.is_empty() { Ok(pages) } else { Err(PagesError(mistakes)) }
    }

    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    pub const fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The script of `<sms-login>` for the login pages at `issuer`.
    pub fn element(&self, issuer: &str) -> String {
        format!("{}({});", self.assets.widget(), for_script(&issuer.into()))
    }

    /// What a page says of that script, so that a browser runs no other (Subresource Integrity
    /// §3.2): the hash of its bytes.
    pub fn element_integrity(&self, issuer: &str) -> String {
        element::integrity(&self.element(issuer))
    }

    /// What TypeScript is told of it.
    pub const fn element_types(&self) -> &'static str {
        element::TYPES
    }

    /// Where the picture is that stands for a person; `base` precedes our paths.
    pub fn picture(&self, base: &str) -> String {
        self.assets.address(base, assets::PERSON)
    }

    /// What was changed of the operator's colours, so that people can read the pages.
    pub fn corrections(&self) -> &[String] {
        &self.corrections
    }

    /// The whole HTML document.
    pub fn render(&self, chrome: &Chrome<'_>, page: &impl Page) -> String {
        self.try_render(chrome, page).unwrap_or_else(|error| {
            tracing::error!(%error, "a page could not be made");
            LAST_RESORT.to_owned()
        })
    }

    /// What stands inside a page's card, for a page of somebody else.
    pub fn fragment(&self, chrome: &Chrome<'_>, page: &impl Page) -> String {
        let inner = self.templates.get(page.template());
        let inner =
            inner.and_then(|inner| inner.render(chrome.language, self.inside(chrome, page)));
        inner.map_or_else(
            |error| {
                tracing::error!(%error, "a part of a page could not be made");
                String::new()
            },
            Safe::into_string,
        )
    }

    fn try_render(&self, chrome: &Chrome<'_>, page: &impl Page) -> Result<String, TemplateError> {
        let language = chrome.language;
        let inner = self.templates.get(page.template())?;
        let inner = inner.render(language, self.inside(chrome, page))?;
        let outer = self.outside(chrome, page, inner);
        Ok(self.templates.get("layout")?.render(language, outer)?.into_string())
    }

    /// Fills every template with samples in every language: what is wrong with a template is
    /// found here and not by a person who wants to sign in. Each thing is told once.
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

    /// What every template has.
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

fn languages(files: &[OwnFile], mistakes: &mut Vec<Mistake>) -> Option<Arc<Languages>> {
    let mut texts = Vec::new();
    for file in files {
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => texts.push((file.name.as_str(), text)),
            Err(_) => mistakes.push(not_text("words", file)),
        }
    }
    match Languages::with(&texts) {
        Ok(languages) => Some(Arc::new(languages)),
        Err(more) => {
            mistakes.extend(more);
            None
        }
    }
}
