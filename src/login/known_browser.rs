use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::service::Login;
use crate::domain::{KnownBrowserTag, PhoneNumber, RequesterDigest, Subkey};

/// The cookie that lists the numbers a browser has signed in with, as one keyed tag per number.
/// A tag reveals nothing and is valid in that browser only. It authenticates nobody: limits of a
/// number count its holders separately, so that a stranger who requests or guesses codes cannot
/// lock the owner out.
#[derive(Clone, Debug, Default)]
pub struct KnownBrowserCookie(Vec<KnownBrowserTag>);

/// The most numbers that a cookie lists, the last used first.
const MAX_NUMBERS: usize = 4;
const SEPARATOR: char = '.';

impl KnownBrowserCookie {
    /// Parses the cookie's value. Malformed tags are skipped.
    pub fn parse(text: &str) -> Self {
        Self(text.split(SEPARATOR).take(MAX_NUMBERS).filter_map(parse_tag).collect())
    }

    pub fn to_text(&self) -> String {
        let tags: Vec<_> =
            self.0.iter().map(|tag| URL_SAFE_NO_PAD.encode(tag.as_bytes())).collect();
        tags.join(&SEPARATOR.to_string())
    }
}

fn parse_tag(text: &str) -> Option<KnownBrowserTag> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(KnownBrowserTag::from_bytes)
}

impl Login {
    /// Whether the browser `who` has signed in with `phone` before.
    pub fn is_known_browser(
        &self,
        who: RequesterDigest,
        phone: &PhoneNumber,
        kept: &KnownBrowserCookie,
    ) -> bool {
        self.deps.keys.known_browsers.iter().any(|key| {
            let own = new_tag(key, who, phone);
            kept.0.iter().any(|tag| tag.matches(&own))
        })
    }

    /// The cookie of a browser after it signed in with `phone`.
    pub fn remember_browser(
        &self,
        who: RequesterDigest,
        phone: &PhoneNumber,
        kept: KnownBrowserCookie,
    ) -> KnownBrowserCookie {
        let new = new_tag(&self.deps.keys.known_browsers[0], who, phone);
        let others = kept.0.into_iter().filter(|tag| *tag != new);
        KnownBrowserCookie(std::iter::once(new).chain(others).take(MAX_NUMBERS).collect())
    }
}

fn new_tag(key: &Subkey, who: RequesterDigest, phone: &PhoneNumber) -> KnownBrowserTag {
    KnownBrowserTag::keyed(key, &[who.as_bytes(), phone.e164().as_bytes()])
}
