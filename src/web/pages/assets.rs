use std::fmt::Write;

use crate::domain::digest;

/// A file that pages load. One row each.
const FILES: &[(&str, &str, &str)] = &[
    ("base.css", "text/css; charset=utf-8", include_str!("../../../static/assets/base.css")),
    ("auth.js", "text/javascript; charset=utf-8", include_str!("../../../static/assets/auth.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../static/assets/icon.svg")),
];

#[derive(Debug)]
pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: bytes::Bytes,
    /// 64 bits of its SHA-256, as hex: stands in its address, so that it may be kept for ever.
    pub version: String,
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, text: &str) -> Self {
        let bytes = bytes::Bytes::from(squeezed(text));
        Self { name, content_type, version: version(&bytes), bytes }
    }

    /// A strong entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }
}

/// Every asset. Made once, at start.
#[derive(Debug)]
pub struct Assets(Vec<Asset>);

impl Assets {
    pub(super) fn built_in() -> Self {
        Self(FILES.iter().map(|(name, kind, text)| Asset::new(name, kind, text)).collect())
    }

    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.0.iter()
    }

    /// Where a page finds the file.
    pub(super) fn address(&self, base: &str, name: &str) -> String {
        let version = self.get(name).map_or("", |asset| &asset.version);
        format!("{base}/assets/{name}?v={version}")
    }
}

/// Without indents, empty lines and lines that are comments: the sources are for us to read, the
/// rest is for browsers.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    kept.collect::<Vec<_>>().join("\n")
}

fn version(bytes: &[u8]) -> String {
    digest(bytes).iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
