use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::Login;
use crate::domain::{PhoneNumber, RequesterDigest, Subkey};

/// What a browser keeps of the numbers that it signed in with: a tag of each, which says nothing
/// to anybody else and is worth nothing in another browser. It proves nobody and lets nobody in:
/// whoever has it is only counted apart, so that a stranger who asks for code after code, or
/// guesses, cannot keep the owner of a number out.
#[derive(Clone, Debug, Default)]
pub struct Keepsake(Vec<[u8; TAG]>);

/// Bytes of a tag.
const TAG: usize = 16;
/// So many numbers are remembered, the last used first.
const MOST: usize = 4;
const SEPARATOR: char = '.';

impl Keepsake {
    /// Reads what a browser sends. What is no tag is left out.
    pub fn parse(text: &str) -> Self {
        let tag = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        Self(text.split(SEPARATOR).take(MOST).filter_map(tag).collect())
    }

    pub fn to_text(&self) -> String {
        let tags: Vec<_> = self.0.iter().map(|tag| URL_SAFE_NO_PAD.encode(tag)).collect();
        tags.join(&SEPARATOR.to_string())
    }
}

impl Login {
    /// Whether the browser `who` signed in with `phone` before.
    pub fn is_known(&self, who: RequesterDigest, phone: &PhoneNumber, kept: &Keepsake) -> bool {
        let keys = &self.parts.keys.known;
        let is = |tag: &[u8; TAG]| {
            keys.iter().any(|key| bool::from(tag.ct_eq(&new_tag(key, who, phone))))
        };
        kept.0.iter().any(is)
    }

    /// What a browser is to keep from now on, that signed in with `phone`.
    pub fn remember(&self, who: RequesterDigest, phone: &PhoneNumber, kept: Keepsake) -> Keepsake {
        let new = new_tag(&self.parts.keys.known[0], who, phone);
        let others = kept.0.into_iter().filter(|tag| *tag != new);
        Keepsake(std::iter::once(new).chain(others).take(MOST).collect())
    }
}

fn new_tag(key: &Subkey, who: RequesterDigest, phone: &PhoneNumber) -> [u8; TAG] {
    let mac = key.mac(&[who.as_bytes(), phone.e164().as_bytes()]);
    let mut short = [0; TAG];
    short.copy_from_slice(&mac[..TAG]);
    short
}
