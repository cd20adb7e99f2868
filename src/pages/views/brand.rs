use std::fmt;

use bytes::Bytes;
use url::Url;

use super::color::Color;

/// `[brand]`: what operators may change of the pages.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    pub name: String,
    /// Of buttons and links; `None`: the built-in blue.
    pub color: Option<Color>,
    /// The same on dark pages; `None`: made from `color`.
    pub color_dark: Option<Color>,
    pub theme: Theme,
    /// Shown instead of the monogram and the name.
    pub logo: Option<Picture>,
    /// The same on dark pages.
    pub logo_dark: Option<Picture>,
    pub favicon: Option<Picture>,
    pub links: BrandLinks,
    /// The tags of the pages' languages in their order; none: every language that there is.
    pub languages: Vec<String>,
    pub folder: BrandFolder,
}

impl Brand {
    /// The built-in look with this name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// Light or dark pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the visitor's system asks (`prefers-color-scheme`).
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The content of `<meta name="color-scheme">`.
    pub(super) const fn schemes(self) -> &'static str {
        match self {
            Self::Auto => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The links at the foot of every page: https or mailto.
#[derive(Clone, Debug, Default)]
pub struct BrandLinks {
    pub privacy: Option<Url>,
    pub terms: Option<Url>,
    pub support: Option<Url>,
}

impl BrandLinks {
    /// Each with the key of its text, in the order of the page.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        let rows = [
            ("link_privacy", &self.privacy),
            ("link_terms", &self.terms),
            ("link_support", &self.support),
        ];
        rows.into_iter().filter_map(|(key, url)| Some((key, url.as_ref()?)))
    }
}

/// The files of the operator's folder; [`super::Views::new`] checks them.
#[derive(Clone, Debug, Default)]
pub struct BrandFolder {
    /// `pages/*.liquid`
    pub pages: Vec<BrandFile>,
    /// `words/*.toml`
    pub words: Vec<BrandFile>,
    /// `assets/*`
    pub assets: Vec<BrandFile>,
}

impl BrandFolder {
    /// The tags of the languages that `words/` has a file for.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        let stems = self.words.iter().filter_map(|file| file.name.strip_suffix(".toml"));
        stems.filter(|stem| !stem.starts_with("countries."))
    }
}

#[derive(Clone)]
pub struct BrandFile {
    pub name: String,
    pub bytes: Bytes,
}

impl fmt::Debug for BrandFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// A picture of a type that every browser shows; the type was found from the content.
#[derive(Clone)]
pub struct Picture {
    pub(super) extension: &'static str,
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
}

#[derive(Debug, thiserror::Error)]
#[error("neither an SVG nor a PNG picture")]
pub struct NotAPicture;

pub(super) const SVG: &str = "image/svg+xml";

impl Picture {
    pub fn new(bytes: Bytes) -> Result<Self, NotAPicture> {
        let (extension, content_type) = match bytes.as_ref() {
            png if is_png(png) => ("png", "image/png"),
            svg if is_svg(svg) => ("svg", SVG),
            _ => return Err(NotAPicture),
        };
        Ok(Self { extension, content_type, bytes })
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.extension, self.bytes.len())
    }
}

pub(super) fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// XML whose first element is `svg`. No more is checked: it is shown as a picture only, and at its
/// own URL the headers stop its scripts.
pub(super) fn is_svg(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    for (open, close) in [("<?xml", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"), ("<!--", "-->")] {
        if let Some(after) = rest.strip_prefix(open).and_then(|rest| rest.split_once(close)) {
            rest = after.1.trim_start();
        }
    }
    rest.strip_prefix("<svg").is_some_and(|rest| rest.starts_with([' ', '>', '\n', '\r', '\t']))
}
