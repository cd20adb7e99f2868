use std::sync::Arc;
use std::time::Duration;

use super::algorithm::Algorithm;
use super::assertion;
use super::keys::{KeyUsage, KeysError, SigningKeys, is_of, make, open_all};
use crate::domain::Keyring;
use crate::store::{self, KeyState, StoredKey};
use crate::system::{System, Timestamp};

/// How long a key is published before it signs, and after the last of what it signed has expired:
/// five minutes for which verifiers cache the key set, a minute until every node has read the
/// table, and a margin for clocks that disagree.
const LEARNED: Duration = Duration::from_mins(10);

/// The least time between two notes of a node in the table of which keys it signs with.
const NOTED: Duration = Duration::from_hours(1);

/// A key that no node noted for this long is wanted by none: all that run have another
/// configuration.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// How long keys sign, and how long what they signed stays valid.
#[derive(Clone, Copy, Debug)]
pub struct RotationPolicy {
    /// How long a key signs; zero: until the next is requested on the command line.
    pub lifetime: Duration,
    /// The lifetime of the longest-lived token.
    pub tokens: Duration,
}

impl RotationPolicy {
    /// The longest lifetime of what keys of that use sign.
    fn of(&self, usage: KeyUsage) -> Duration {
        match usage {
            KeyUsage::Assertion => assertion::LIFETIME,
            KeyUsage::Token => self.tokens,
        }
    }
}

/// When the next key will begin to sign, provided that a server runs then.
pub fn signs_from(next: &StoredKey) -> Timestamp {
    next.created + LEARNED
}

enum Step<'k> {
    Publish((KeyUsage, Algorithm)),
    Succeed(&'k StoredKey),
    End(&'k StoredKey),
    Retire(&'k StoredKey),
}

/// The steps that are due now. Every node computes the same; the store lets one take each.
fn due<'k>(
    keys: &'k [StoredKey],
    wanted: &[(KeyUsage, Algorithm)],
    pace: &RotationPolicy,
    now: Timestamp,
) -> Vec<Step<'k>> {
    let step = |key: &'k StoredKey| {
        let usage = KeyUsage::parse(&key.usage)?;
        let kind = wanted.iter().copied().find(|kind| is_of(key, *kind));
        let forgotten = now >= key.last_used + FORGOTTEN && !needs(wanted, keys, key);
        match (key.state, key.signed_from, key.signed_until) {
            (KeyState::Signing, ..) if forgotten => Some(Step::End(key)),
            (KeyState::Signing, Some(from), _) => kind
                .filter(|_| !pace.lifetime.is_zero() && now >= from + pace.lifetime - LEARNED)
                .filter(|kind| !keys.iter().any(|next| next.is_next() && is_of(next, *kind)))
                .map(Step::Publish),
            (KeyState::Published, None, _) if forgotten => Some(Step::Retire(key)),
            (KeyState::Published, None, _) => {
                kind.filter(|_| now >= signs_from(key)).map(|_| Step::Succeed(key))
            }
            (KeyState::Published, _, Some(until)) => {
                let over = until + key.longest_lifetime.max(pace.of(usage)) + LEARNED;
                (now >= over).then_some(Step::Retire(key))
            }
            _ => None,
        }
    };
    keys.iter().filter_map(step).collect()
}

/// Whether a node that wants these keys signs with `key`, or will: one of another algorithm stands
/// in until its own has been published for long enough.
fn needs(wanted: &[(KeyUsage, Algorithm)], keys: &[StoredKey], key: &StoredKey) -> bool {
    let signs = |kind| keys.iter().any(|key| key.state == KeyState::Signing && is_of(key, kind));
    wanted.iter().copied().any(|kind| {
        let stands_in =
            || kind.0.takes_any_algorithm() && key.usage == kind.0.as_str() && !signs(kind);
        is_of(key, kind) || stands_in()
    })
}

/// Moves keys through their states by the clock, and loads the table into this process.
pub struct KeyRotation {
    pub store: Arc<dyn store::SigningKeyStore>,
    pub keyring: Keyring,
    pub system: System,
    pub keys: Arc<SigningKeys>,
    /// The keys that this process signs with; those are rotated on schedule.
    pub wanted: Vec<(KeyUsage, Algorithm)>,
    pub pace: RotationPolicy,
}

impl KeyRotation {
    /// Takes the steps that are due, and loads what other nodes and the command line changed.
    ///
    /// # Errors
    ///
    /// [`KeysError`]. A process that cannot decrypt every stored key has another secret than the
    /// nodes that made them, and changes nothing.
    pub async fn turn(&self) -> Result<(), KeysError> {
        let now = self.system.now();
        let stored = self.keys.read(&*self.store, &self.keyring, &self.system).await?;
        self.want(&stored, now).await?;
        let mut changed = false;
        for kind in &self.wanted {
            if let Some(new) = self.keys.missing(&stored, *kind, &self.keyring, &self.system)? {
                self.publish(new).await?;
                changed = true;
            }
        }
        for step in due(&stored, &self.wanted, &self.pace, now) {
            self.take(step, now).await?;
            changed = true;
        }
        if changed {
            self.keys.read(&*self.store, &self.keyring, &self.system).await?;
        }
        Ok(())
    }

    /// Notes in the table which keys this node signs with, and how long what they sign is valid, for
    /// nodes with another configuration.
    async fn want(&self, stored: &[StoredKey], now: Timestamp) -> Result<(), KeysError> {
        let may_sign = |key: &&StoredKey| key.state == KeyState::Signing || key.is_next();
        for key in stored.iter().filter(may_sign).filter(|key| needs(&self.wanted, stored, key)) {
            let Some(usage) = KeyUsage::parse(&key.usage) else { continue };
            let longest = self.pace.of(usage);
            if key.longest_lifetime < longest || now >= key.last_used + NOTED {
                self.store.record_use(&key.kid, longest, now).await?;
            }
        }
        Ok(())
    }

    async fn publish(&self, new: StoredKey) -> Result<(), KeysError> {
        if self.store.insert_if_absent(&new).await? {
            tell(&new, if new.is_next() { "is published and will sign" } else { "signs" });
        }
        Ok(())
    }

    /// Takes a step, unless another node was first.
    async fn take(&self, step: Step<'_>, now: Timestamp) -> Result<(), KeysError> {
        match step {
            Step::Publish(kind) => {
                self.publish(make(kind, &self.keyring, &self.system)?).await?;
            }
            Step::Succeed(next) => {
                self.store.promote(next, now).await?;
                tell(next, "signs");
            }
            Step::End(key) => {
                self.store.stop_signing(key, now).await?;
                tell(key, "signs no more: no server wants it");
            }
            Step::Retire(key) => {
                self.store.retire(key).await?;
                tell(key, "is retired");
            }
        }
        Ok(())
    }
}

fn tell(key: &StoredKey, what: &str) {
    tracing::info!(kid = key.kid, "a signing key {what}");
}

/// Publishes a successor to each signing key of these kinds that has none, and returns the new
/// keys.
///
/// # Errors
///
/// [`KeysError`]. Nothing is written unless all stored keys can be decrypted.
pub async fn publish_next(
    store: &dyn store::SigningKeyStore,
    keyring: &Keyring,
    kinds: &[(KeyUsage, Algorithm)],
    system: &System,
) -> Result<Vec<StoredKey>, KeysError> {
    let stored = store.list_unretired().await?;
    open_all(&stored, keyring)?;
    let signs = |kind| stored.iter().any(|key| key.state == KeyState::Signing && is_of(key, kind));
    let mut published = Vec::new();
    for kind in kinds.iter().copied().filter(|kind| signs(*kind)) {
        let next = make(kind, keyring, system)?;
        if store.insert_if_absent(&next).await? {
            published.push(next);
        }
    }
    Ok(published)
}
