use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;

use super::request::PageRequest;
use crate::domain::{BrowserDigest, Country};
use crate::gate::Cookies;
use crate::login::KnownBrowserCookie;
use crate::session::SessionToken;

/// The names of our cookies beside the session's, without the family's prefix.
const BROWSER: &str = "browser";
const COUNTRY: &str = "country";
const KNOWN: &str = "known";
const FLASH: &str = "told";
/// How long a flash message waits for its page, in seconds.
const FLASH_LIFETIME: u64 = 60;
/// In seconds.
pub(super) const YEAR: u64 = 365 * 86_400;

/// The digest of the cookie that tells browsers apart, if a request has one.
pub(crate) fn browser_of(cookies: Cookies, headers: &HeaderMap) -> Option<BrowserDigest> {
    let value = cookies.get(headers, BROWSER)?;
    (value.len() == 22).then(|| BrowserDigest::of(value))
}

/// What is read from and written to a visitor's cookies.
impl PageRequest {
    /// The digest of the browser's cookie, if it sent one.
    pub(crate) fn browser(&self) -> Option<BrowserDigest> {
        browser_of(self.cookies, &self.headers)
    }

    /// The digest of the browser's cookie, and the cookie to set when it sent none.
    pub(crate) fn or_new_browser(&self, random: [u8; 16]) -> (BrowserDigest, Option<String>) {
        if let Some(known) = self.browser() {
            return (known, None);
        }
        let value = URL_SAFE_NO_PAD.encode(random);
        (BrowserDigest::of(&value), Some(self.cookies.set(BROWSER, &value, Some(YEAR))))
    }

    /// The country of the last number that was typed here.
    pub(crate) fn country(&self) -> Option<Country> {
        Country::parse(self.cookies.get(&self.headers, COUNTRY)?).ok()
    }

    pub(crate) fn country_cookie(&self, country: Country) -> String {
        self.cookies.set(COUNTRY, country.as_str(), Some(YEAR))
    }

    /// The numbers that were signed in with here, as the browser's cookie proves.
    pub(crate) fn known_browser(&self) -> KnownBrowserCookie {
        let cookie = self.cookies.get(&self.headers, KNOWN);
        cookie.map(KnownBrowserCookie::parse).unwrap_or_default()
    }

    pub(crate) fn known_browser_cookie(&self, known: &KnownBrowserCookie) -> String {
        self.cookies.set(KNOWN, &known.to_text(), Some(YEAR))
    }

    /// The cookie of a flash message: `word` is shown once, by the next page that asks for it. In
    /// the address it would be shown again at each reload.
    pub(super) fn set_flash(&self, word: &str) -> String {
        self.cookies.set(FLASH, word, Some(FLASH_LIFETIME))
    }

    /// Whether `word` is to be shown: then, the cookie that clears it.
    pub(super) fn take_flash(&self, word: &str) -> Option<String> {
        let set = self.cookies.get(&self.headers, FLASH) == Some(word);
        set.then(|| self.cookies.clear(FLASH))
    }

    pub(crate) fn session_cookie(&self, token: &SessionToken, max_age: u64) -> String {
        self.cookies.set("", &token.reveal(), Some(max_age))
    }

    pub(crate) fn no_session_cookie(&self) -> String {
        self.cookies.clear("")
    }
}
