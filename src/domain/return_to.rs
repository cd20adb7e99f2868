use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Paths beyond this length are encoded no more than needed: servers before us limit a target's
/// length, often to 8 KiB.
const LONG: usize = 1024;

/// What has a meaning in a query of forms or that browsers encode there (URL Standard §1.3).
const ONLY_WHAT_MUST_BE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path and query to return to after login. Can never lead to another origin.
///
/// An allow-list: one leading slash, only bytes that browsers send and none normalises into a host, no
/// empty first segment, and no dot segments or control characters, even decoded twice and with
/// backslashes taken for slashes. Encoded slashes are kept, since the gate lets them pass.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The maximum length in bytes, of which a backslash takes two (in JSON). Sealed and in base64 it is
    /// part of a form of at most 16 KiB.
    pub const MAX: usize = 8192;

    /// `None` if `input` is too long or not on the allow-list.
    pub fn parse(input: &str) -> Option<Self> {
        let (path, query) = input.split_once('?').unwrap_or((input, ""));
        let first = path.strip_prefix('/')?.bytes().next();
        let escapes = query.bytes().filter(|byte| *byte == b'\\').count();
        let good = input.len() + escapes <= Self::MAX
            && first.is_none_or(is_plain)
            && path.bytes().all(is_sent_in_paths)
            && query.bytes().all(|byte| is_sent_in_paths(byte) || byte == b'\\')
            && !query.starts_with('\\')
            && is_harmless(path.as_bytes(), 2);
        good.then(|| Self(input.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the value of a query parameter.
    pub fn encoded(&self) -> impl fmt::Display {
        let long = self.0.len() > LONG;
        utf8_percent_encode(&self.0, if long { ONLY_WHAT_MUST_BE } else { NON_ALPHANUMERIC })
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%?[]".contains(&byte)
}

/// What browsers send as it is, of this version or that one (URL Standard §1.3); in a query they send
/// `\` too.
fn is_sent_in_paths(byte: u8) -> bool {
    is_plain(byte) || b"|{}^`".contains(&byte)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Checks a path as it is and after each of up to `decodings` percent-decodings. One more may reveal
/// no separator.
fn is_harmless(path: &[u8], decodings: u8) -> bool {
    let dots =
        path.split(|byte| is_separator(*byte)).any(|segment| matches!(segment, b"." | b".."));
    // `//` within a path is an empty segment, but `/\` is the beginning of a host.
    let to_host = |pair: &[u8]| pair.iter().all(|byte| is_separator(*byte)) && pair != b"//";
    let starts_host = path.starts_with(b"//") || path.windows(2).any(to_host);
    if dots || starts_host || path.iter().any(u8::is_ascii_control) {
        return false;
    }
    let decoded: Vec<u8> = percent_decode(path).collect();
    let separators = |bytes: &[u8]| bytes.iter().filter(|byte| is_separator(**byte)).count();
    match decodings {
        _ if decoded == path => true,
        0 => separators(&decoded) == separators(path),
        _ => is_harmless(&decoded, decodings - 1),
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

/// Leaves the query out, which may contain secrets of the application.
impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReturnTo({})", self.0.split('?').next().unwrap_or_default())
    }
}
