use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::brand::{Brand, OwnFile, Picture, SVG, is_png, is_svg};
use super::element;
use super::packed::Packed;
use super::theme::{self, Made};
use crate::domain::sha256;
use crate::words::Mistake;

/// A file that pages load. One row each.
const FILES: &[(&str, &str)] = &[
    (BASE, include_str!("../../../static/assets/base.css")),
    ("auth.js", include_str!("../../../static/assets/auth.js")),
    (ICON, include_str!("../../../static/assets/icon.svg")),
    (PERSON, include_str!("../../../static/assets/person.svg")),
];
const BASE: &str = "base.css";
/// The picture that stands for everybody.
pub(super) const PERSON: &str = "person.svg";
const ICON: &str = "icon.svg";

/// A kind of file that may be an asset: how its name ends, what browsers are told that it is, and
/// whether its content is that.
type Kind = (&'static str, &'static str, fn(&[u8]) -> bool);

const KINDS: &[Kind] = &[
    ("css", "text/css; charset=utf-8", is_text),
    ("js", "text/javascript; charset=utf-8", is_text),
    ("svg", SVG, is_svg),
    ("png", "image/png", is_png),
    ("jpg", "image/jpeg", |bytes| bytes.starts_with(b"\xff\xd8\xff")),
    ("webp", "image/webp", |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")),
];

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

#[derive(Debug)]
pub struct Asset {
    pub name: Cow<'static, str>,
    pub content_type: &'static str,
    pub file: Packed,
    /// 64 bits of its SHA-256, as hex: stands in its address, so that it may be kept for ever.
    pub version: String,
}

impl Asset {
    fn new(name: impl Into<Cow<'static, str>>, content_type: &'static str, bytes: Bytes) -> Self {
        let version = version(&bytes);
        Self { name: name.into(), content_type, file: Packed::new(bytes), version }
    }

    fn picture(stem: &str, picture: &Picture) -> Self {
        let name = format!("{stem}.{}", picture.extension);
        Self::new(name, picture.content_type, picture.bytes.clone())
    }

    /// A picture that could hold scripts, if it were ever opened by itself.
    pub fn is_scriptable(&self) -> bool {
        self.content_type == SVG
    }
}

/// The logo, and another for dark pages.
pub(super) type Logos<'a> = (Option<&'a str>, Option<&'a str>);

/// Every asset, and which of them has which part on a page. Made once, at start.
#[derive(Debug, Default)]
pub struct Assets {
    all: Vec<Asset>,
    logo: Option<Cow<'static, str>>,
    logo_dark: Option<Cow<'static, str>>,
    /// Where the operator gave one.
    icon: Option<Cow<'static, str>>,
    /// The element for pages of others.
    widget: String,
}

impl Assets {
    /// Adds what had to be corrected to `corrections`.
    pub(super) fn new(
        brand: &Brand,
        mistakes: &mut Vec<Mistake>,
        corrections: &mut Vec<String>,
    ) -> Self {
        let built_in = FILES.iter().map(|(name, text)| {
            Asset::new(*name, kind_of(name).map_or("", |kind| kind.1), squeezed(text).into())
        });
        let mut assets = Self { all: built_in.collect(), ..Self::default() };
        for file in &brand.folder.assets {
            match own(file) {
                Ok(asset) => {
                    assets.icon = assets.icon.or((asset.name == ICON).then_some(ICON.into()));
                    assets.put(asset);
                }
                Err(text) => {
                    mistakes.push(Mistake::new(&format!("assets/{}", file.name), None, text));
                }
            }
        }
        assets.color(brand, corrections);
        let pictures = [
            ("logo", &brand.logo, &mut assets.logo),
            ("logo-dark", &brand.logo_dark, &mut assets.logo_dark),
            ("favicon", &brand.favicon, &mut assets.icon),
        ];
        let mut made = Vec::new();
        for (stem, picture, part) in pictures {
            let asset = picture.as_ref().map(|picture| Asset::picture(stem, picture));
            if let Some(asset) = asset {
                *part = Some(asset.name.clone());
                made.push(asset);
            }
        }
        for asset in made {
            assets.put(asset);
        }
        let sheet = assets.get(BASE).map(|asset| asset.file.plain().clone()).unwrap_or_default();
        assets.widget = element::script(std::str::from_utf8(&sheet).unwrap_or_default());
        assets
    }

    /// Adds the brand's colours to the end of the sheet, where they have the last word. A sheet of
    /// their own would be one more file to wait for before anything is shown.
    fn color(&mut self, brand: &Brand, corrections: &mut Vec<String>) {
        let base = self.get(BASE).map(|asset| asset.file.plain().clone()).unwrap_or_default();
        let base = std::str::from_utf8(&base).unwrap_or_default();
        let built_in = FILES.iter().find(|(name, _)| *name == BASE).map_or("", |(_, text)| text);
        let Made { css, corrections: made } = theme::theme(brand, base, built_in);
        corrections.extend(made);
        if let Some(css) = css {
            let whole = format!("{base}\n{css}");
            self.put(Asset::new(BASE, "text/css; charset=utf-8", whole.into()));
        }
    }

    /// The script of the element, an expression that waits for its issuer.
    pub(super) fn widget(&self) -> &str {
        &self.widget
    }

    fn put(&mut self, asset: Asset) {
        match self.all.iter_mut().find(|known| known.name == asset.name) {
            Some(known) => *known = asset,
            None => self.all.push(asset),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.all.iter().find(|asset| asset.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.all.iter()
    }

    /// Where a page finds the file.
    pub(super) fn address(&self, base: &str, name: &str) -> String {
        let version = self.get(name).map_or("", |asset| &asset.version);
        format!("{base}/assets/{name}?v={version}")
    }

    pub(super) fn content_type(&self, name: &str) -> &'static str {
        self.get(name).map_or("", |asset| asset.content_type)
    }

    pub(super) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    pub(super) fn logo_dark(&self) -> Option<&str> {
        self.logo_dark.as_deref()
    }

    /// The icons of light and of dark pages beside logos. A logo is the icon too, so that pages
    /// with one load no file more than those without.
    pub(super) fn icons<'a>(&'a self, logos: Logos<'a>) -> (&'a str, Option<&'a str>) {
        match (self.icon.as_deref(), logos) {
            (None, (Some(light), dark)) => (light, dark),
            (icon, _) => (icon.unwrap_or(ICON), None),
        }
    }
}

fn kind_of(name: &str) -> Option<&'static Kind> {
    let (_, extension) = name.rsplit_once('.')?;
    KINDS.iter().find(|(ends, ..)| *ends == extension)
}

/// A file of the operator's folder.
fn own(file: &OwnFile) -> Result<Asset, String> {
    const MADE: [&str; 3] = ["logo.", "logo-dark.", "favicon."];
    if MADE.iter().any(|made| file.name.starts_with(made)) {
        return Err("has the name of a file that is made from the keys of [brand]".to_owned());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !file.name.bytes().all(plain) {
        return Err("has in its name more than a-z A-Z 0-9 . _ -".to_owned());
    }
    let Some((extension, content_type, is)) = kind_of(&file.name) else {
        let known = KINDS.iter().map(|(ends, ..)| *ends).collect::<Vec<_>>().join(", ");
        return Err(format!("is of no kind that pages load; there are: {known}"));
    };
    if !is(&file.bytes) {
        return Err(format!("does not hold what a .{extension} file holds"));
    }
    Ok(Asset::new(file.name.clone(), content_type, file.bytes.clone()))
}

/// Without indents, empty lines and lines that are comments: the sources are for us to read, the
/// rest is for browsers.
pub(super) fn squeezed(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    kept.collect::<Vec<_>>().join("\n")
}

fn version(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256(bytes)[..8])
}
