use std::borrow::Cow;

use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode;

/// Why a request's target is not taken.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadTarget {
    #[error("the target has no leading slash")]
    NoLeadingSlash,
    #[error("the target begins with two slashes")]
    LooksLikeAHost,
    #[error("the target holds a byte that no URL has")]
    OddByte,
    #[error("the target has dot segments")]
    DotSegments,
    #[error("the target has an encoded slash, backslash or control character")]
    EncodedSlash,
    #[error("the target is not UTF-8 once decoded")]
    NotUtf8,
    #[error("the target can be read in too many ways")]
    TooManyReadings,
    #[error("the request has not exactly one Host")]
    NotOneHost,
}

/// Host and port that a request names, in lower case: its one `Host` header, or the authority of
/// an absolute target (RFC 9112 §3.2.2) or of HTTP/2; both must agree when both are there.
pub fn authority(parts: &Parts) -> Result<Cow<'_, str>, BadTarget> {
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
    let small = || {
        let any_capital = named.bytes().any(|b| b.is_ascii_uppercase());
        if any_capital { named.to_ascii_lowercase().into() } else { named.into() }
    };
    good.then(small).ok_or(BadTarget::NotOneHost)
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

/// The most readings between two decodings. Honest targets have a handful; this bounds what one
/// request can cost.
const MOST: usize = 32;

/// Judges `raw`, the path as it was sent (without its query), and lists its readings: decoded
/// once and twice, `;…` dropped, `//` merged, a trailing slash dropped, cut at a `?` or `#` that
/// decoding brought to light, in any order and together, since servers differ in the order too.
/// A path without `%`, `;` and `//` has one or, with a trailing slash, two.
///
/// Whatever some upstream could take for a way out of a directory is refused, not read.
pub fn readings(raw: &str) -> Result<Readings<'_>, BadTarget> {
    if is_plain(raw) {
        return Ok(Readings { sent: raw, others: Vec::new() });
    }
    if !raw.starts_with('/') {
        return Err(BadTarget::NoLeadingSlash);
    }
    if looks_like_a_host(raw) {
        return Err(BadTarget::LooksLikeAHost);
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
    let mut level = vec![raw.to_owned()];
    for _ in 0..3 {
        add_variants(&mut level)?;
        if level.iter().any(|path| has_dot_segment(path)) {
            return Err(BadTarget::DotSegments);
        }
        if level.iter().any(|path| looks_like_a_host(path)) {
            return Err(BadTarget::LooksLikeAHost);
        }
        let decoded: Vec<String> =
            level.iter().map(|path| decode(path)).collect::<Result<_, _>>()?;
        for path in level.drain(..) {
            if path != raw && !found.others.contains(&path) {
                found.others.push(path);
            }
        }
        for path in decoded {
            if !level.contains(&path) {
                level.push(path);
            }
        }
    }
    Ok(found)
}

/// Whether a path has one reading and is good, told in one pass: most are.
fn is_plain(raw: &str) -> bool {
    let mut before = 0;
    let plain = raw.bytes().all(|b| {
        let plain = match b {
            b'/' | b'.' => before != b'/',
            b'-' | b'_' | b'~' => true,
            _ => b.is_ascii_alphanumeric(),
        };
        before = b;
        plain
    });
    plain && raw.starts_with('/') && (before != b'/' || raw == "/")
}

/// An app that resolves a target as a URL takes `//x/admin` for the path `/admin` of a host `x`
/// (RFC 3986 §4.2, network-path reference).
fn looks_like_a_host(path: &str) -> bool {
    path.starts_with("//")
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

/// Adds what the paths become without parameters, empty segments, trailing slash and query.
fn add_variants(paths: &mut Vec<String>) -> Result<(), BadTarget> {
    let servers_ways = [drop_parameters, merge_slashes, drop_trailing_slash, cut_query];
    let mut at = 0;
    while at < paths.len() {
        for way in servers_ways {
            match way(&paths[at]) {
                Some(changed) if !paths.contains(&changed) => paths.push(changed),
                _ => {}
            }
        }
        if paths.len() > MOST {
            return Err(BadTarget::TooManyReadings);
        }
        at += 1;
    }
    Ok(())
}

fn drop_parameters(path: &str) -> Option<String> {
    let bare = |segment: &str| segment.split(';').next().unwrap_or_default().to_owned();
    path.contains(';').then(|| path.split('/').map(bare).collect::<Vec<_>>().join("/"))
}

fn merge_slashes(path: &str) -> Option<String> {
    path.contains("//").then(|| {
        let mut merged = String::with_capacity(path.len());
        for c in path.chars() {
            if c != '/' || !merged.ends_with('/') {
                merged.push(c);
            }
        }
        merged
    })
}

fn drop_trailing_slash(path: &str) -> Option<String> {
    let bare = path.strip_suffix('/')?.trim_end_matches('/');
    Some(if bare.is_empty() { "/".to_owned() } else { bare.to_owned() })
}

/// Some servers decode a path and then take it apart once more.
fn cut_query(path: &str) -> Option<String> {
    path.find(['?', '#']).map(|end| path[..end].to_owned())
}
