use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The names of our cookies. One family: `__Host-doorcode` and `__Host-doorcode-*`; on plain
/// http, which only loopback and private hosts may use, the same without `__Host-`, since browsers
/// refuse that prefix without `Secure`.
///
/// Those of a login in a frame have names of their own, `__Host-doorcode-framed` and
/// `__Host-doorcode-framed-*`, so that nothing takes one for a cookie that is `SameSite=Lax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
    framed: bool,
}

const PREFIX: &str = "__Host-";
const FAMILY: &str = "doorcode";
const FRAMED: &str = "-framed";

impl Cookies {
    pub const fn new(secure: bool) -> Self {
        Self { secure, framed: false }
    }

    /// The cookies of the same origin in frames of other sites. Browsers take them over https only.
    #[must_use]
    pub const fn framed(self) -> Self {
        Self { framed: true, ..self }
    }

    pub const fn is_framed(self) -> bool {
        self.framed
    }

    /// How the names of the cookies begin: all of it is the name of the session's.
    const fn start(self) -> [&'static str; 3] {
        let prefix = if self.secure { PREFIX } else { "" };
        [prefix, FAMILY, if self.framed { FRAMED } else { "" }]
    }

    /// What of a cookie's name follows the start.
    fn rest(self, pair: &[u8]) -> Option<&[u8]> {
        self.start().iter().try_fold(pair, |rest, part| rest.strip_prefix(part.as_bytes()))
    }

    /// The name of the cookie for one usage; `""` is the session.
    fn name(self, usage: &str) -> String {
        let dash = if usage.is_empty() { "" } else { "-" };
        format!("{}{dash}{usage}", self.start().concat())
    }

    /// The first value that the request has of our cookie for `usage`.
    pub fn get<'h>(self, headers: &'h HeaderMap, usage: &str) -> Option<&'h str> {
        pairs(headers).find_map(|pair| {
            let rest = self.rest(pair)?;
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
        pairs(headers).filter_map(move |pair| {
            let usage = std::str::from_utf8(self.rest(name_of(pair)?)?).ok()?.strip_prefix('-')?;
            usage.starts_with(start).then_some(usage)
        })
    }

    /// Whether the request has any of these cookies.
    pub fn has_any(self, headers: &HeaderMap) -> bool {
        let other = (!self.framed).then(|| self.framed());
        pairs(headers).filter_map(name_of).any(|name| {
            let is_of = |cookies: Self| matches!(cookies.rest(name), Some([] | [b'-', ..]));
            is_of(self) && !other.is_some_and(is_of)
        })
    }

    /// A `Set-Cookie` value. `max_age` is in seconds; without it, the cookie ends with the browser.
    pub fn set(self, usage: &str, value: &str, max_age: Option<u64>) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = max_age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        let same_site = if self.framed { "None; Partitioned" } else { "Lax" };
        format!("{}={value}; Path=/{age}{secure}; HttpOnly; SameSite={same_site}", self.name(usage))
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
