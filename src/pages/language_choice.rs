use http::HeaderMap;

use crate::gate::Cookies;
use crate::system::Timestamp;

/// The name of the cookie that holds the choice.
pub(super) const LANGUAGE: &str = "lang";

/// The longest choice that is stored, in bytes.
pub(super) const MAX_LENGTH: usize = 64;

/// A choice as the cookie has it: `TAG.SECONDS`, by the clock of the server that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LanguageChoice<'a> {
    pub(super) tag: &'a str,
    pub(super) at: i64,
}

impl<'a> LanguageChoice<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (tag, at) = text.split_once('.').unwrap_or((text, ""));
        Self { tag, at: at.parse().unwrap_or(0) }
    }
}

/// A choice made now, for its cookie.
pub(super) fn written(tag: &str, at: Timestamp) -> String {
    format!("{tag}.{}", at.as_millis() / 1000)
}

/// The choice in the cookie of a request.
pub(super) fn of_cookie(cookies: Cookies, headers: &HeaderMap) -> Option<&str> {
    cookies.get(headers, LANGUAGE)
}
