use std::borrow::Cow;

use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode;

/// Why a request's target is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidTarget {
    #[error("the target has no leading slash")]
    NoLeadingSlash,
    #[error("the target begins with two slashes")]
    NetworkPath,
    #[error("the target holds a byte that no URL has")]
    ForbiddenByte,
    #[error("the target has dot segments")]
    DotSegments,
    #[error("the target has an encoded slash, backslash or control character")]
    EncodedSlash,
    #[error("the target is not UTF-8 once decoded")]
    NotUtf8,
    #[error("the target can be read in too many ways")]
    TooManyReadings,
    #[error("the request has not exactly one Host")]
    InvalidHost,
}

/// The authority (host and port) of a request, in lower case: its one `Host` header, or that of an
/// absolute target (RFC 9112 §3.2.2) or of HTTP/2. Where both are present, they must agree.
///
/// # Errors
/// [`InvalidTarget::InvalidHost`] when it is missing, given twice, contradicted, or malformed.
pub fn authority(parts: &Parts) -> Result<Cow<'_, str>, InvalidTarget> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let header =
        hosts.next().map(|h| h.to_str().map_err(|_| InvalidTarget::InvalidHost)).transpose()?;
    if hosts.next().is_some() {
        return Err(InvalidTarget::InvalidHost);
    }
    let target = parts.uri.authority().map(http::uri::Authority::as_str);
    let named = match (target, header) {
        (Some(target), Some(header)) if !target.eq_ignore_ascii_case(header) => {
            return Err(InvalidTarget::InvalidHost);
        }
        (Some(named), _) | (None, Some(named)) => named,
        (None, None) => return Err(InvalidTarget::InvalidHost),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    let good = !named.is_empty() && named.bytes().all(plain);
    let small = || {
        let any_capital = named.bytes().any(|b| b.is_ascii_uppercase());
        if any_capital { named.to_ascii_lowercase().into() } else { named.into() }
    };
    good.then(small).ok_or(InvalidTarget::InvalidHost)
}

/// Every path that an upstream may understand a target's path as. The first is the path as sent.
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

/// Limit of readings between two decodings: bounds the cost of a request. Ordinary targets have a
/// handful.
const MAX_READINGS: usize = 32;

/// Checks `raw`, the path as sent (without its query), and lists its readings: decoded once and
/// twice, `;…` dropped, `//` merged, a trailing slash dropped, cut at a `?` or `#` that decoding
/// revealed, in any order and combination, since servers differ in the order too.
/// A path without `%`, `;` and `//` has one or, with a trailing slash, two.
///
/// # Errors
/// When some upstream could read it as a path outside of its directory, and when it holds bytes that
/// no URL has.
pub fn readings(raw: &str) -> Result<Readings<'_>, InvalidTarget> {
    if is_plain(raw) {
        return Ok(Readings { sent: raw, others: Vec::new() });
    }
    if !raw.starts_with('/') {
        return Err(InvalidTarget::NoLeadingSlash);
    }
    if is_network_path(raw) {
        return Err(InvalidTarget::NetworkPath);
    }
    if raw.contains(|c: char| c.is_control() || matches!(c, '\\' | '#' | ' ')) {
        return Err(InvalidTarget::ForbiddenByte);
    }
    let mut found = Readings { sent: raw, others: Vec::new() };
    if has_dot_segment(raw) {
        return Err(InvalidTarget::DotSegments);
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
            return Err(InvalidTarget::DotSegments);
        }
        if level.iter().any(|path| is_network_path(path)) {
            return Err(InvalidTarget::NetworkPath);
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

/// Whether a path is valid and has one reading, in one pass. Most have.
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
fn is_network_path(path: &str) -> bool {
    path.starts_with("//")
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// Decodes once. Refuses an encoded slash, backslash or control character.
fn decode(path: &str) -> Result<String, InvalidTarget> {
    let decoded =
        percent_decode(path.as_bytes()).decode_utf8().map_err(|_| InvalidTarget::NotUtf8)?;
    let slashes = |text: &str| text.bytes().filter(|b| *b == b'/').count();
    let odd = |c: char| c == '\\' || c.is_control();
    if slashes(&decoded) != slashes(path) || decoded.contains(odd) {
        return Err(InvalidTarget::EncodedSlash);
    }
    Ok(decoded.into_owned())
}

/// Adds the paths without parameters, empty segments, trailing slash and query.
fn add_variants(paths: &mut Vec<String>) -> Result<(), InvalidTarget> {
    let steps = [drop_parameters, merge_slashes, drop_trailing_slash, cut_query];
    let mut at = 0;
    while at < paths.len() {
        for step in steps {
            match step(&paths[at]) {
                Some(changed) if !paths.contains(&changed) => paths.push(changed),
                _ => {}
            }
        }
        if paths.len() > MAX_READINGS {
            return Err(InvalidTarget::TooManyReadings);
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

/// Some servers split off the query after they have decoded the path.
fn cut_query(path: &str) -> Option<String> {
    path.find(['?', '#']).map(|end| path[..end].to_owned())
}
