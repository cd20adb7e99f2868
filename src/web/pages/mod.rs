//! Own pages: what each one is given, and how that becomes HTML that holds no other script.
//! Decides nothing: a page shows what it is told.
mod account;
mod assets;
mod chrome;
mod code;
mod message;
mod number;
mod simple;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use account::{AccountNotice, AccountPage};
pub use assets::{Asset, Assets};
pub use chrome::Chrome;
pub use code::{CodeNotice, CodePage, CodeProblem, Sending};
pub use message::{Limit, MessagePage};
pub use number::{Notice, NumberPage, NumberProblem};
pub use simple::{DonePage, SignOutPage, SignedOutPage};

use crate::words::{
    Context, Engine, Language, LanguageError, Languages, Safe, Template, TemplateError,
};

/// One row a page. The layout stands around every one of them.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout", include_str!("../../../static/pages/layout.liquid")),
    ("number", include_str!("../../../static/pages/number.liquid")),
    ("code", include_str!("../../../static/pages/code.liquid")),
    ("done", include_str!("../../../static/pages/done.liquid")),
    ("sign_out", include_str!("../../../static/pages/sign_out.liquid")),
    ("signed_out", include_str!("../../../static/pages/signed_out.liquid")),
    ("account", include_str!("../../../static/pages/account.liquid")),
    ("message", include_str!("../../../static/pages/message.liquid")),
];

/// Parts that pages include.
const PARTS: &[(&str, &str)] = &[("problem", include_str!("../../../static/pages/problem.liquid"))];

/// What a person gets when a page cannot be made. Every state of every page is tested, so this
/// needs a template of the operator's that fails.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Error</title><h1>Sorry, there is a problem with the service</h1>\
    <p>Try again in a few minutes.</p></html>";

#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    #[error(transparent)]
    Language(#[from] LanguageError),
    #[error(transparent)]
    Template(#[from] TemplateError),
}

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
    languages: Arc<Languages>,
    templates: BTreeMap<&'static str, Template>,
    assets: Assets,
}

impl Pages {
    pub fn built_in(brand_name: &str) -> Result<Self, PagesError> {
        let languages = Arc::new(Languages::built_in()?);
        let engine = Engine::new(languages.clone(), PARTS)?;
        let parse = |(name, text): &(&'static str, &str)| Ok((*name, engine.parse(name, text)?));
        Ok(Self {
            brand: Safe::escape(brand_name),
            monogram: chrome::monogram(brand_name),
            languages,
            templates: TEMPLATES.iter().map(parse).collect::<Result<_, TemplateError>>()?,
            assets: Assets::built_in(),
        })
    }

    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    pub const fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The whole HTML document.
    pub fn render(&self, chrome: &Chrome<'_>, page: &impl Page) -> String {
        self.try_render(chrome, page).unwrap_or_else(|error| {
            tracing::error!(%error, "a page could not be made");
            LAST_RESORT.to_owned()
        })
    }

    fn try_render(&self, chrome: &Chrome<'_>, page: &impl Page) -> Result<String, TemplateError> {
        let common = Context::new()
            .text("base", Safe::escape(chrome.base))
            .text("brand", self.brand.clone());
        let head = page.head();
        let onward = common.maybe("onward", head.onward.clone());
        let context = page.fill(chrome.language, onward.clone());
        let inner = self.fill(page.template(), chrome.language, context)?;
        let context = self.layout(chrome, &head, onward).text("page", inner);
        Ok(self.fill("layout", chrome.language, context)?.into_string())
    }

    fn layout(&self, chrome: &Chrome<'_>, head: &Head, context: Context) -> Context {
        let asset = |name: &str| Safe::escape(&self.assets.address(chrome.base, name));
        context
            .text("dir", Safe::from_static(chrome.language.direction().as_str()))
            .text("title_key", Safe::from_static(head.title))
            .flag("problem", head.problem)
            .text("monogram", self.monogram.clone())
            .text("icon", asset("icon.svg"))
            .text("style", asset("base.css"))
            .text("script", asset("auth.js"))
            .list("others", chrome.other_languages(&self.languages))
    }

    fn fill(
        &self,
        name: &'static str,
        language: &Language,
        context: Context,
    ) -> Result<Safe, TemplateError> {
        let template = self.templates.get(name);
        let template = template.ok_or_else(|| TemplateError::Failed { name: name.to_owned() })?;
        template.render(language, context)
    }
}
