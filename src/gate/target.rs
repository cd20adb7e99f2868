use std::borrow::Cow;

use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode;

/// Why a request's target is not taken.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadTarget {
    #[error("the target has no leading slash")]
    NoLeadingSlash,
    #[error("the target holds a byte that no URL has")]
    OddByte,
    #[error("the target has dot segments")]
    DotSegments,
    #[error("the target has an encoded slash, backslash or control character")]
    EncodedSlash,
    #[error("the target is not UTF-8 once decoded")]
    NotUtf8,
    #[error("the request has not exactly one Host")]
    NotOneHost,
}

/// Host and port that a request names, in lower case: its one `Host` header, or the authority of
/// an absolute target (RFC 9112 §3.2.2) or of HTTP/2; both must agree when both are there.
pub fn authority(parts: &Parts) -> Result<String, BadTarget> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let header = hosts.next().map(|h| h.to_str().map_err(|_| BadTarget::NotOneHost)).transpose()?;
    if hosts.next().is_some() {
        return Err(BadTarget::NotOneHost);
    }
    let target = parts.uri.authority().map(http::uri::Authority::as_str);
    let named = match (target, header) {
        (Some(target), Some(header)) if !target.eq_ignore_ascii_case(header) => {
            return Err(BadTarget::NotOneHost);
        }
        (Some(named), _) | (None, Some(named)) => named,
        (None, None) => return Err(BadTarget::NotOneHost),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    let good = !named.is_empty() && named.bytes().all(plain);
    good.then(|| named.to_ascii_lowercase()).ok_or(BadTarget::NotOneHost)
}

/// Every path that an upstream may take a target's path for. The first is the path as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings<'p> {
    sent: &'p str,
    others: Vec<String>,
}

impl Readings<'_> {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.sent).chain(self.others.iter().map(String::as_str))
    }
}

/// Judges `raw`, the path as it was sent (without its query), and lists its readings: decoded
/// once and twice, `;…` dropped, `//` merged, a trailing slash dropped, and all of these
/// together. A path without `%`, `;` and `//` has one or, with a trailing slash, two.
///
/// Whatever some upstream could take for a way out of a directory is refused, not read.
pub fn readings(raw: &str) -> Result<Readings<'_>, BadTarget> {
    if !raw.starts_with('/') {
        return Err(BadTarget::NoLeadingSlash);
    }
    if raw.contains(|c: char| c.is_control() || matches!(c, '\\' | '#' | ' ')) {
        return Err(BadTarget::OddByte);
    }
    let mut found = Readings { sent: raw, others: Vec::new() };
    if has_dot_segment(raw) {
        return Err(BadTarget::DotSegments);
    }
    let simple = !raw.contains(['%', ';']) && !raw.contains("//");
    if simple {
        if raw.len() > 1 && raw.ends_with('/') {
            found.others.push(raw.trim_end_matches('/').to_owned());
        }
        return Ok(found);
    }
    let mut decoded = Cow::Borrowed(raw);
    for _ in 0..3 {
        for reading in variants(&decoded) {
            if has_dot_segment(&reading) {
                return Err(BadTarget::DotSegments);
            }
            if reading != raw && !found.others.contains(&reading) {
                found.others.push(reading);
            }
        }
        decoded = Cow::Owned(decode(&decoded)?);
    }
    Ok(found)
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// Decodes once. A slash, backslash or control character that comes to light is refused.
fn decode(path: &str) -> Result<String, BadTarget> {
    let decoded = percent_decode(path.as_bytes()).decode_utf8().map_err(|_| BadTarget::NotUtf8)?;
    let slashes = |text: &str| text.bytes().filter(|b| *b == b'/').count();
    let odd = |c: char| c == '\\' || c.is_control();
    if slashes(&decoded) != slashes(path) || decoded.contains(odd) {
        return Err(BadTarget::EncodedSlash);
    }
    Ok(decoded.into_owned())
}

/// A path with and without parameters, empty segments and trailing slash.
fn variants(path: &str) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    for change in [drop_parameters, merge_slashes, drop_trailing_slash] {
        let changed: Vec<String> = all.iter().map(|path| change(path)).collect();
        all.extend(changed);
    }
    all
}

fn drop_parameters(path: &str) -> String {
    let bare = |segment: &str| segment.split(';').next().unwrap_or_default().to_owned();
    path.split('/').map(bare).collect::<Vec<_>>().join("/")
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    merged
}

fn drop_trailing_slash(path: &str) -> String {
    let bare = path.trim_end_matches('/');
    if bare.is_empty() { "/".to_owned() } else { bare.to_owned() }
}
