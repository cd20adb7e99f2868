use std::borrow::Cow;

use http::header::HOST;
use http::request::Parts;

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
    #[error("the target has an encoded control character")]
    EncodedControl,
    #[error("the target has a slash or backslash that is encoded more than twice")]
    EncodedTooOften,
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

/// Limits of readings between two decodings, in number and bytes: bound the cost of a request.
/// Ordinary targets have a handful.
const MAX_READINGS: usize = 64;
const MAX_READING_BYTES: usize = 256 * 1024;

/// How often upstreams decode a path: a server and the app behind it, once each.
const DECODINGS: usize = 2;

/// What an upstream decodes at once, by the character: all; all but separators, where it takes the
/// path apart first; only what needs no encoding (RFC 3986 §6.2.2.2); only separators.
const DECODERS: [fn(u8) -> bool; 4] = [
    |_| true,
    |byte| !is_separator(byte),
    |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
    is_separator,
];

/// Checks `raw`, the path as sent (without its query), and lists its readings: decoded once and
/// twice, wholly or in part (see [`DECODERS`]), `;…` dropped, `\` taken for `/`, `//` merged, a
/// trailing slash dropped, cut at a `?` or `#` that decoding revealed, in any order and combination,
/// since servers differ in the order too.
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
    for _ in 0..DECODINGS {
        add_variants(&mut level)?;
        let decoded = decode_all(&level)?;
        found.add(level);
        level = decoded;
    }
    add_variants(&mut level)?;
    found.add(level);
    check_further(raw)?;
    Ok(found)
}

/// The same for a path that may have single-dot segments, as apt asks for `/./Packages`: servers drop
/// them (RFC 3986 §5.2.4) or find nothing. It is read as sent and without them.
///
/// # Errors
/// Those of [`readings`]. A dot that is encoded, or doubled, is refused.
pub fn readings_past_dots(raw: &str) -> Result<Readings<'_>, InvalidTarget> {
    if !raw.contains("/.") || !has_dot_segment(raw) {
        return readings(raw);
    }
    let last = raw.ends_with("/.").then_some("");
    let kept = raw.split('/').filter(|segment| *segment != ".").chain(last);
    let without = kept.collect::<Vec<_>>().join("/");
    let mut found = Readings { sent: raw, others: Vec::new() };
    found.add(readings(&without)?.iter().map(str::to_owned).collect());
    Ok(found)
}

impl Readings<'_> {
    fn add(&mut self, paths: Vec<String>) {
        for path in paths {
            if path != self.sent && !self.others.contains(&path) {
                self.others.push(path);
            }
        }
    }
}

/// What each of the paths may be decoded to.
fn decode_all(paths: &[String]) -> Result<Vec<String>, InvalidTarget> {
    let mut found = Vec::new();
    for (path, selects) in paths.iter().flat_map(|path| DECODERS.map(|selects| (path, selects))) {
        let decoded = decode(path, selects)?;
        if !found.contains(&decoded) {
            found.push(decoded);
        }
    }
    Ok(found)
}

/// One decoding more than [`DECODINGS`] may reveal nothing by which a path is taken apart.
fn check_further(raw: &str) -> Result<(), InvalidTarget> {
    let separators = |path: &str| path.bytes().filter(|byte| is_separator(*byte)).count();
    let mut path = raw.to_owned();
    for _ in 0..DECODINGS {
        path = decode(&path, |_| true)?;
    }
    let further = decode(&path, |_| true)?;
    if separators(&further) != separators(&path) {
        return Err(InvalidTarget::EncodedTooOften);
    }
    if has_dot_segment(&further) {
        return Err(InvalidTarget::DotSegments);
    }
    Ok(())
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

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Decodes once the bytes that `selects` holds for. A broken escape stays as it is.
fn decode(path: &str, selects: fn(u8) -> bool) -> Result<String, InvalidTarget> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = escaped_byte(rest).filter(|byte| selects(*byte));
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &rest[3..] } else { after };
    }
    let decoded = String::from_utf8(decoded).map_err(|_| InvalidTarget::NotUtf8)?;
    if decoded.contains(char::is_control) {
        return Err(InvalidTarget::EncodedControl);
    }
    Ok(decoded)
}

/// The byte that an escape (RFC 3986 §2.1) at the start of `rest` stands for.
fn escaped_byte(rest: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = rest else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Adds the paths without parameters, backslashes, empty segments, trailing slash and query.
///
/// # Errors
/// When one of them leads out of its directory or to another host, and when there are too many.
fn add_variants(paths: &mut Vec<String>) -> Result<(), InvalidTarget> {
    let steps = [
        drop_parameters,
        turn_backslashes,
        merge_slashes,
        drop_trailing_slash,
        cut_query,
        decode_unicode_escapes,
    ];
    let mut at = 0;
    while at < paths.len() {
        for step in steps {
            match step(&paths[at]) {
                Some(changed) if !paths.contains(&changed) => paths.push(changed),
                _ => {}
            }
        }
        if paths.len() > MAX_READINGS || paths.len() * paths[at].len() > MAX_READING_BYTES {
            return Err(InvalidTarget::TooManyReadings);
        }
        at += 1;
    }
    if paths.iter().any(|path| has_dot_segment(path)) {
        return Err(InvalidTarget::DotSegments);
    }
    if paths.iter().any(|path| is_network_path(path)) {
        return Err(InvalidTarget::NetworkPath);
    }
    if paths.iter().any(|path| path.contains(char::is_control)) {
        return Err(InvalidTarget::EncodedControl);
    }
    Ok(())
}

/// `%u002F` is no escape of a URL, but that of JavaScript's `escape`, which HTTP.sys and servers of
/// Java decode too.
fn decode_unicode_escapes(path: &str) -> Option<String> {
    let mut parts = path.split("%u");
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let hex = part.get(..4).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let letter = hex.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        if let Some(letter) = letter {
            decoded.push(letter);
            decoded.push_str(&part[4..]);
        } else {
            decoded.push_str("%u");
            decoded.push_str(part);
        }
    }
    (decoded != path).then_some(decoded)
}

fn drop_parameters(path: &str) -> Option<String> {
    let bare = |segment: &str| segment.split(';').next().unwrap_or_default().to_owned();
    path.contains(';').then(|| path.split('/').map(bare).collect::<Vec<_>>().join("/"))
}

/// Apps on Windows take a backslash for a slash.
fn turn_backslashes(path: &str) -> Option<String> {
    path.contains('\\').then(|| path.replace('\\', "/"))
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
