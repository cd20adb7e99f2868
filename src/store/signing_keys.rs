use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::KeyId;
use crate::system::Timestamp;

/// The stage of a signing key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs and is published. At most one key for each usage and algorithm.
    Signing,
    /// Is published but does not sign: not yet, or no longer.
    Published,
    /// Neither. Its signatures are no longer accepted.
    Retired,
}

impl KeyState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Published => "published",
            Self::Retired => "retired",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Signing, Self::Published, Self::Retired]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A signing key. Its strings are defined by `oauth`.
#[derive(Clone)]
pub struct StoredKey {
    /// Key ID (RFC 7515 §4.1.4).
    pub kid: String,
    /// What it signs, such as `assertion`.
    pub usage: String,
    /// As in RFC 7518 §3.1.
    pub algorithm: String,
    pub state: KeyState,
    /// The private key, encrypted with the subkey that `sealed_by` names.
    pub sealed: Vec<u8>,
    pub sealed_by: KeyId,
    pub created: Timestamp,
    /// `None`: it has not signed yet.
    pub signed_from: Option<Timestamp>,
    /// When it stopped signing.
    pub signed_until: Option<Timestamp>,
    /// When a server last recorded that it signs with this key or is going to.
    pub last_used: Timestamp,
    /// The longest lifetime of anything that a server signs with it.
    pub longest_lifetime: Duration,
}

impl StoredKey {
    /// Whether it is published in advance, to sign later.
    pub fn is_next(&self) -> bool {
        self.state == KeyState::Published && self.signed_from.is_none()
    }
}

/// The table of signing keys.
#[async_trait]
pub trait SigningKeyStore: Send + Sync {
    /// All keys, the oldest first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn list_all(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// All keys that are not retired, the oldest first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn list_unretired(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Inserts a key that signs or is next to sign, unless its usage and algorithm already has
    /// one; returns whether it was inserted. Of several servers that try at once one succeeds.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn insert_if_absent(&self, key: &StoredKey) -> Result<bool, StoreError>;

    /// Records at `now` that a server signs with the key, or is going to, and for which lifetime
    /// at most.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn record_use(
        &self,
        kid: &str,
        longest: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes `next` the signing key of its usage and algorithm, in place of the present one,
    /// unless another server did so before.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn promote(&self, next: &StoredKey, now: Timestamp) -> Result<(), StoreError>;

    /// Ends the signing of a key without a successor; not if its use was recorded since `key` was
    /// read (optimistic locking).
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn stop_signing(&self, key: &StoredKey, now: Timestamp) -> Result<(), StoreError>;

    /// Retires a published key and deletes its private half; not if its use was recorded since
    /// `key` was read.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn retire(&self, key: &StoredKey) -> Result<(), StoreError>;

    /// Replaces the sealed private key, unless it is no longer sealed with `sealed_by`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn reseal(&self, newer: &StoredKey, sealed_by: KeyId) -> Result<(), StoreError>;
}
