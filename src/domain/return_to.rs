use std::fmt;

use percent_encoding::percent_decode;

/// The path and query to return to after login. Can never lead to another origin.
///
/// An allow-list: one leading slash, only bytes that no browser normalises into a host, no empty
/// first segment, no dot segments and no encoded slash, backslash or control, even decoded twice.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The maximum length in bytes: it is part of a query parameter.
    pub const MAX: usize = 2048;

    /// `None` if `input` is too long or not on the allow-list.
    pub fn parse(input: &str) -> Option<Self> {
        let path = input.split('?').next()?;
        let good = input.len() <= Self::MAX
            && path.starts_with('/')
            && !path.starts_with("//")
            && input.bytes().all(is_plain)
            && is_harmless(path.as_bytes(), 2);
        good.then(|| Self(input.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%?[]".contains(&byte)
}

/// Checks a path as it is and after each of up to `decodings` percent-decodings.
fn is_harmless(path: &[u8], decodings: u8) -> bool {
    let dots = path.split(|b| *b == b'/').any(|segment| matches!(segment, b"." | b".."));
    let hidden =
        path.iter().any(|b| b.is_ascii_control() || *b == b'\\') || path.starts_with(b"//");
    if dots || hidden {
        return false;
    }
    let decoded: Vec<u8> = percent_decode(path).collect();
    let segments = |bytes: &[u8]| bytes.split(|b| *b == b'/').count();
    decoded == path
        || (segments(&decoded) == segments(path)
            && (decodings == 0 || is_harmless(&decoded, decodings - 1)))
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
