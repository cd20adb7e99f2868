use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::brand::{Brand, BrandFile, Picture, SVG, is_png, is_svg};
use super::element;
use super::packed::{Packed, squeezed};
use super::theme::{self, BrandSheet};
use crate::domain::sha256;
use crate::words::Mistake;

/// The built-in files that pages load: name and content.
const FILES: &[(&str, &str)] = &[
    (BASE, include_str!("../../../static/assets/base.css")),
    ("auth.js", include_str!("../../../static/assets/auth.js")),
    ("challenge.js", include_str!("../../../static/assets/challenge.js")),
    ("news.js", include_str!("../../../static/assets/news.js")),
    (ICON, include_str!("../../../static/assets/icon.svg")),
    (PERSON, include_str!("../../../static/assets/person.svg")),
];
const BASE: &str = "base.css";
/// The picture of every user, in their profile.
pub(super) const PERSON: &str = "person.svg";
const ICON: &str = "icon.svg";

/// A type of file that may be an asset: extension, content type, and a check of the content.
type FileType = (&'static str, &'static str, fn(&[u8]) -> bool);

const FILE_TYPES: &[FileType] = &[
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
    /// The first 64 bits of its SHA-256, in hex. Part of its URL, so that it can be cached for ever.
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

    /// Whether the file could run scripts if it were opened by its own URL.
    pub fn is_scriptable(&self) -> bool {
        self.content_type == SVG
    }
}

/// The logo of light pages and that of dark ones.
pub(super) type Logos<'a> = (Option<&'a str>, Option<&'a str>);

/// Every asset, and which of them are logo and icon. Made once, at start.
#[derive(Debug, Default)]
pub struct Assets {
    all: Vec<Asset>,
    logo: Option<Cow<'static, str>>,
    logo_dark: Option<Cow<'static, str>>,
    /// The operator's; `None`: the built-in one or the logo.
    icon: Option<Cow<'static, str>>,
    /// The script of `<sms-login>`.
    widget: String,
}

impl Assets {
    /// Adds what is wrong with the operator's files to `mistakes`, and changes to the operator's
    /// colours to `corrections`.
    pub(super) fn new(
        brand: &Brand,
        mistakes: &mut Vec<Mistake>,
        corrections: &mut Vec<String>,
    ) -> Self {
        let built_in = FILES.iter().map(|(name, text)| {
            Asset::new(*name, file_type(name).map_or("", |known| known.1), squeezed(text).into())
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

    /// Appends the brand's colours to the style sheet, where they override it. A second sheet would
    /// be one more file to load before anything is shown.
    fn color(&mut self, brand: &Brand, corrections: &mut Vec<String>) {
        let base = self.get(BASE).map(|asset| asset.file.plain().clone()).unwrap_or_default();
        let base = std::str::from_utf8(&base).unwrap_or_default();
        let built_in = FILES.iter().find(|(name, _)| *name == BASE).map_or("", |(_, text)| text);
        let BrandSheet { css, corrections: made } = theme::theme(brand, base, built_in);
        corrections.extend(made);
        if let Some(css) = css {
            let whole = format!("{base}\n{css}");
            self.put(Asset::new(BASE, "text/css; charset=utf-8", whole.into()));
        }
    }

    /// The script of the element: a function expression of the issuer's URL.
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

    /// The URL of a file on a page; `base` precedes our paths.
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

    /// The icons of light and of dark pages. Without an icon of the operator's, a logo is the icon
    /// too, so that no further file is loaded.
    pub(super) fn icons<'a>(&'a self, logos: Logos<'a>) -> (&'a str, Option<&'a str>) {
        match (self.icon.as_deref(), logos) {
            (None, (Some(light), dark)) => (light, dark),
            (icon, _) => (icon.unwrap_or(ICON), None),
        }
    }
}

fn file_type(name: &str) -> Option<&'static FileType> {
    let (_, extension) = name.rsplit_once('.')?;
    FILE_TYPES.iter().find(|(ends, ..)| *ends == extension)
}

/// A file of the operator's folder, or what is wrong with it.
fn own(file: &BrandFile) -> Result<Asset, String> {
    const MADE: [&str; 3] = ["logo.", "logo-dark.", "favicon."];
    if MADE.iter().any(|made| file.name.starts_with(made)) {
        return Err("has a name that is reserved for the pictures of [brand]".to_owned());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !file.name.bytes().all(plain) {
        return Err("has a name with characters other than a-z A-Z 0-9 . _ -".to_owned());
    }
    let Some((extension, content_type, is)) = file_type(&file.name) else {
        let known = FILE_TYPES.iter().map(|(ends, ..)| *ends).collect::<Vec<_>>().join(", ");
        return Err(format!("is of an unsupported type; supported: {known}"));
    };
    if !is(&file.bytes) {
        return Err(format!("is not a valid .{extension} file"));
    }
    Ok(Asset::new(file.name.clone(), content_type, file.bytes.clone()))
}

fn version(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256(bytes)[..8])
}
