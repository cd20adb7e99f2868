use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue};

/// A file, and its gzip form for browsers that accept it (RFC 9110 §8.4), made once. Only for public
/// content: the compressed length of a secret reveals parts of it.
#[derive(Clone, Debug)]
pub struct Packed {
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl Packed {
    pub fn new(plain: Bytes) -> Self {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = packer.write_all(&plain).and_then(|()| packer.finish());
        // Most pictures are compressed already.
        let gzip = gzip.ok().map(Bytes::from).filter(|gzip| gzip.len() < plain.len());
        Self { plain, gzip }
    }

    pub const fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// Chooses by the request's `Accept-Encoding`, and writes the headers of the choice to
    /// `answer`.
    pub fn choose(&self, request: &HeaderMap, answer: &mut HeaderMap) -> Bytes {
        let Some(gzip) = &self.gzip else { return self.plain.clone() };
        answer.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if !takes_gzip(request) {
            return self.plain.clone();
        }
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        gzip.clone()
    }
}

/// RFC 9110 §12.5.3. `*` alone gets the plain form.
fn takes_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|q| q > 0.0)
    })
}

/// Source text without indentation, empty lines and comments: lines that begin with `//`, and blocks.
/// No string of ours may hold `/*`.
pub(super) fn squeezed(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let lines = code.lines().map(str::trim);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    kept.collect::<Vec<_>>().join("\n")
}
