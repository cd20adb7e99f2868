use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Keyring, Subkey};
use crate::system::System;

/// The longest sealed text that a URL, a form or a cookie holds, in bytes: one with a [`crate::domain::ReturnTo`] as long as
/// they can be.
const MAX_SEALED: usize = 12 * 1024;

/// Encrypts and authenticates values that a browser carries for us in a URL, a form or a cookie
/// (AEAD, base64url). One sealer for each use: a text of another use does not open.
pub(crate) struct Sealer {
    /// Newest first: the first seals, all open.
    keys: Vec<Subkey>,
    system: System,
    /// The longest sealed text that is opened, in bytes.
    longest: usize,
}

impl Sealer {
    /// `usage` names the use; no two sealers share one.
    pub(crate) fn new(keyring: &Keyring, usage: &str, system: System) -> Self {
        Self { keys: keyring.subkeys(usage), system, longest: MAX_SEALED }
    }

    /// The same for texts of up to `longest` bytes, which no browser carries.
    pub(crate) fn for_texts_of(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    pub(crate) fn seal(&self, value: &impl Serialize) -> String {
        // Strings and numbers only: this cannot fail to serialise.
        let plain = serde_json::to_vec(value).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.keys[0].seal(self.system.random(), &plain))
    }

    /// `None`: not sealed by us for this use, or altered since.
    pub(crate) fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        if sealed.len() > self.longest {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.keys.iter().find_map(|key| key.open(&sealed).ok())?;
        serde_json::from_slice(&plain).ok()
    }
}
