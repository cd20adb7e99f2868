use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Keyring, Subkey};
use crate::system::System;

/// The longest sealed text that is opened.
const LONGEST: usize = 4 * 1024;

/// Seals for one use what a browser carries for us in an address or a form. What was sealed for
/// another use does not open. Newest key first.
pub(crate) struct Seals(Vec<Subkey>);

impl Seals {
    /// `usage` must be that of nothing else.
    pub(crate) fn new(keyring: &Keyring, usage: &str) -> Self {
        Self(keyring.subkeys(usage))
    }

    pub(crate) fn seal(&self, system: &System, wire: &impl Serialize) -> String {
        // Plain texts and numbers: this cannot fail to serialise.
        let plain = serde_json::to_vec(wire).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.0[0].seal(system.random(), &plain))
    }

    /// `None`: not sealed by us for this use, or changed since.
    pub(crate) fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        let sealed = (sealed.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(sealed).ok())??;
        let plain = self.0.iter().find_map(|key| key.open(&sealed).ok())?;
        serde_json::from_slice(&plain).ok()
    }
}
