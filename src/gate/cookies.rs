use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The names of our cookies. One family: `__Host-doorcode` and `__Host-doorcode-*`; on plain
/// http, which only loopback and private hosts may use, the same without `__Host-`, since browsers
/// refuse that prefix without `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
}

const PREFIX: &str = "__Host-";
const FAMILY: &str = "doorcode";

impl Cookies {
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// The name of the cookie for one usage; `""` is the session.
    fn name(self, usage: &str) -> String {
        let prefix = if self.secure { PREFIX } else { "" };
        let dash = if usage.is_empty() { "" } else { "-" };
        format!("{prefix}{FAMILY}{dash}{usage}")
    }

    /// The first value that the request has of our cookie for `usage`.
    pub fn get<'h>(self, headers: &'h HeaderMap, usage: &str) -> Option<&'h str> {
        let prefix = if self.secure { PREFIX } else { "" };
        pairs(headers).find_map(|pair| {
            let rest = pair.strip_prefix(prefix.as_bytes())?.strip_prefix(FAMILY.as_bytes())?;
            let found = if usage.is_empty() { rest } else { rest.strip_prefix(b"-")? };
            let value = found.strip_prefix(usage.as_bytes())?.strip_prefix(b"=")?;
            std::str::from_utf8(value).ok()
        })
    }

    /// The usages that begin with `start`, of our cookies in the request, in the order sent.
    pub fn usages_with_prefix<'h>(
        self,
        headers: &'h HeaderMap,
        start: &'static str,
    ) -> impl Iterator<Item = &'h str> {
        let prefix = if self.secure { PREFIX } else { "" };
        pairs(headers).filter_map(move |pair| {
            let name = std::str::from_utf8(name_of(pair)?).ok()?;
            let usage = name.strip_prefix(prefix)?.strip_prefix(FAMILY)?.strip_prefix('-')?;
            usage.starts_with(start).then_some(usage)
        })
    }

    /// A `Set-Cookie` value. `max_age` is in seconds; without it, the cookie ends with the browser.
    pub fn set(self, usage: &str, value: &str, max_age: Option<u64>) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = max_age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        format!("{}={value}; Path=/{age}{secure}; HttpOnly; SameSite=Lax", self.name(usage))
    }

    /// A `Set-Cookie` value that deletes the cookie.
    pub fn clear(self, usage: &str) -> String {
        self.set(usage, "", Some(0))
    }

    /// The family for the origin that a browser sees: `Secure` where that is https.
    pub fn for_origin(origin: &crate::domain::Origin) -> Self {
        Self::new(origin.is_https())
    }
}

/// All cookie pairs, as bytes: an app's cookies share the header and may hold any bytes, which must
/// not hide ours.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().flat_map(|header| pairs_of(header.as_bytes()))
}

fn pairs_of(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(b';', text);
        rest = end.map(|end| &text[end + 1..]);
        Some(text[..end.unwrap_or(text.len())].trim_ascii())
    })
}

fn name_of(pair: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'=', pair).map(|end| &pair[..end])
}

/// Whether a cookie of this name belongs to the family, with or without the prefix. Browsers and
/// servers ignore the prefix's case (RFC 6265bis §4.1.3), and so does this.
pub fn is_own_cookie(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let bare = match name.split_at_checked(PREFIX.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(PREFIX.as_bytes()) => rest,
        _ => name,
    };
    let Some((head, rest)) = bare.split_at_checked(FAMILY.len()) else { return false };
    head.eq_ignore_ascii_case(FAMILY.as_bytes()) && matches!(rest.first(), None | Some(b'-'))
}

/// A `Cookie` header without our family. `None`: it holds none of ours and can stay as it is.
/// `Some(None)`: it holds nothing else.
pub fn strip_own_cookies(header: &HeaderValue) -> Option<Option<HeaderValue>> {
    let ours = |pair: &[u8]| is_own_cookie(name_of(pair).unwrap_or(pair));
    if !pairs_of(header.as_bytes()).any(ours) {
        return None;
    }
    let mut kept = Vec::with_capacity(header.len());
    for pair in pairs_of(header.as_bytes()).filter(|pair| !pair.is_empty() && !ours(pair)) {
        kept.extend_from_slice(if kept.is_empty() { b"" } else { b"; " });
        kept.extend_from_slice(pair);
    }
    let other = HeaderValue::from_maybe_shared(Bytes::from(kept)).ok();
    Some(other.filter(|other| !other.is_empty()))
}
