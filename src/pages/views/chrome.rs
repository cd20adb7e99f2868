use crate::words::{Context, Language, Languages, Safe};

/// What the layout of a page depends on beside the page.
#[derive(Clone, Copy, Debug)]
pub struct Chrome<'a> {
    pub language: &'a Language,
    /// What precedes the path of every own page: `""` or `/.doorcode`.
    pub base: &'a str,
    /// Path and query of this page, or of what leads back to it in another language, for the links to
    /// its other languages: `lang=` is added. Empty: no such links, as in a part of a page.
    pub here: &'a str,
}

impl Chrome<'_> {
    pub(super) fn other_languages(&self, languages: &Languages) -> Vec<Context> {
        self.others(languages).map(|language| self.link(language)).collect()
    }

    fn others<'l>(&self, languages: &'l Languages) -> impl Iterator<Item = &'l Language> {
        let (shown, here) = (self.language.tag().to_owned(), self.here);
        languages.iter().filter(move |other| !here.is_empty() && other.tag() != shown)
    }

    /// The same as HTML, for a page without template.
    pub(super) fn plain_links(&self, languages: &Languages) -> String {
        let link = |language: &Language| {
            let href = Safe::link(&in_language(self.here, language.tag()));
            let (tag, name) = (Safe::escape(language.tag()), Safe::escape(language.name()));
            let dir = language.direction().as_str();
            format!(
                "<a href=\"{href}\" lang=\"{tag}\" hreflang=\"{tag}\" dir=\"{dir}\">{name}</a>\n"
            )
        };
        self.others(languages).map(link).collect()
    }

    fn link(&self, language: &Language) -> Context {
        Context::new()
            .text("href", Safe::link(&in_language(self.here, language.tag())))
            .text("tag", Safe::escape(language.tag()))
            .text("dir", Safe::from_static(language.direction().as_str()))
            .text("name", Safe::escape(language.name()))
    }
}

/// The same path and query with `lang` set.
fn in_language(here: &str, tag: &str) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some("lang");
    let lang = format!("lang={tag}");
    let pairs: Vec<&str> = query.split('&').filter(other).chain([lang.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// The first letter or digit of the brand's name, or a dot when it has none.
pub(super) fn monogram(brand: &str) -> Safe {
    let first = brand.chars().find(|c| c.is_alphanumeric()).unwrap_or('•');
    Safe::escape(&first.to_uppercase().collect::<String>())
}
