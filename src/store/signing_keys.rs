use std::time::Duration;

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

    pub fn as_str(self) -> &'static str {
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
    /// `None`: it has not signed yet.
    pub signed_from: Option<Timestamp>,
    /// When it stopped signing.
    pub signed_until: Option<Timestamp>,
    /// When a server last noted that it signs with it, or will.
    pub wanted: Timestamp,
    /// How long the longest-lived thing is good for that any server signs with it.
    pub longest: Duration,
}

impl StoredKey {
    /// Whether it is published only so that it can sign later.
    pub fn is_next(&self) -> bool {
        self.state == KeyState::Published && self.signed_from.is_none()
    }
}

/// The table of signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// All keys, the oldest first.
    async fn all(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// All keys but the retired ones, the oldest first.
    async fn living(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Writes a key that signs or is the next to do so, unless its use and algorithm has such a
    /// one already, and says whether it did. Atomic: of several nodes that try at once, one writes.
    async fn add_unless_there(&self, key: &StoredKey) -> Result<bool, StoreError>;

    /// Notes that a server signs with the key at `now`, or will, what is good for up to `longest`.
    async fn want(&self, kid: &str, longest: Duration, now: Timestamp) -> Result<(), StoreError>;

    /// Lets the key `next` sign from `now` on, in the place of the one of its use and algorithm
    /// that does, unless somebody did so before.
    async fn succeed(&self, next: &StoredKey, now: Timestamp) -> Result<(), StoreError>;

    /// Lets a key sign no more from `now` on, and none in its place; not if any server noted since
    /// `key` was read that it wants it.
    async fn end(&self, key: &StoredKey, now: Timestamp) -> Result<(), StoreError>;

    /// Retires a published key, and forgets its private half; not if any server noted since `key`
    /// was read that it wants it.
    async fn retire(&self, key: &StoredKey) -> Result<(), StoreError>;

    /// Keeps a key as `newer` has it sealed, unless somebody did so since it was `sealed_by`.
    async fn reseal(&self, newer: &StoredKey, sealed_by: KeyId) -> Result<(), StoreError>;
}
