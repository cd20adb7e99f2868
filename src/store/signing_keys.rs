use async_trait::async_trait;

use super::StoreError;
use crate::domain::KeyId;
use crate::system::Timestamp;

/// What a key is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs, and is published. One for each use and algorithm.
    Signing,
    /// Is published and does not sign: it will soon, or did until lately.
    Published,
    /// Neither: what it signed is trusted no more.
    Retired,
}

impl KeyState {
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Signing, "signing"), (Self::Published, "published"), (Self::Retired, "retired")];

    pub(super) fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(state, _)| *state)
    }
}

/// A private key that others are shown the public half of, as texts of `oauth`'s making.
#[derive(Clone)]
pub struct StoredKey {
    /// Names the key in what it signs (RFC 7515 §4.1.4).
    pub kid: String,
    /// What it signs, such as `assertion`.
    pub usage: String,
    /// As in RFC 7518 §3.1.
    pub algorithm: String,
    pub state: KeyState,
    /// Encrypted under a subkey of the server secret that `sealed_by` names.
    pub sealed: Vec<u8>,
    pub sealed_by: KeyId,
    pub created: Timestamp,
}

/// The table of signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// All keys but the retired ones, the oldest first.
    async fn living(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Writes a key that signs, unless one does already for its use and algorithm. Atomic: of
    /// several nodes that start at once, one writes.
    async fn add_unless_one_signs(&self, key: &StoredKey) -> Result<(), StoreError>;

    /// Keeps a key as `newer` has it sealed, unless somebody did so since it was `sealed_by`.
    async fn reseal(&self, newer: &StoredKey, sealed_by: KeyId) -> Result<(), StoreError>;
}
