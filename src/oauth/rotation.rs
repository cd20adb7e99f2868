use std::sync::Arc;
use std::time::Duration;

use super::keys::{is_of, make, open_all};
use super::{Algorithm, KeysError, SigningKeys, Usage, assertion};
use crate::domain::Keyring;
use crate::store::{self, KeyState, StoredKey};
use crate::system::{System, Timestamp};

/// How long a key is published before it signs, and how much longer than what it signed: five
/// minutes in which others keep the key set, a minute until every node has read the table, and
/// time for clocks that disagree.
const LEARNED: Duration = Duration::from_mins(10);

/// How often, at the most, a node notes which keys it signs with.
const NOTED: Duration = Duration::from_hours(1);

/// A key that no node noted for so long is wanted by none: all that run have another configuration.
const FORGOTTEN: Duration = Duration::from_hours(24);

/// How fast keys follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a key signs; zero: until somebody asks for the next.
    pub lifetime: Duration,
    /// How long the longest-lived token is good for.
    pub tokens: Duration,
}

impl Pace {
    /// How long what keys of that use signed is good for.
    fn of(&self, usage: Usage) -> Duration {
        match usage {
            Usage::Assertion => assertion::LIFETIME,
            Usage::Token => self.tokens,
        }
    }
}

/// When a key that is the next begins to sign, if some server runs then.
pub fn signs_from(next: &StoredKey) -> Timestamp {
    next.created + LEARNED
}

enum Step<'k> {
    Publish((Usage, Algorithm)),
    Succeed(&'k StoredKey),
    End(&'k StoredKey),
    Retire(&'k StoredKey),
}

/// What is to be done with these keys now. Every node comes to the same; the store lets one do it.
fn due<'k>(
    keys: &'k [StoredKey],
    wanted: &[(Usage, Algorithm)],
    pace: &Pace,
    now: Timestamp,
) -> Vec<Step<'k>> {
    let step = |key: &'k StoredKey| {
        let usage = Usage::parse(&key.usage)?;
        let kind = wanted.iter().copied().find(|kind| is_of(key, *kind));
        let forgotten = now >= key.wanted + FORGOTTEN && !needs(wanted, keys, key);
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
                let over = until + key.longest.max(pace.of(usage)) + LEARNED;
                (now >= over).then_some(Step::Retire(key))
            }
            _ => None,
        }
    };
    keys.iter().filter_map(step).collect()
}

/// Whether a node that wants these keys signs with that one, or will: with one of another
/// algorithm until its own has been published for long enough.
fn needs(wanted: &[(Usage, Algorithm)], keys: &[StoredKey], key: &StoredKey) -> bool {
    let signs = |kind| keys.iter().any(|key| key.state == KeyState::Signing && is_of(key, kind));
    wanted.iter().copied().any(|kind| {
        let stands_in =
            || kind.0.takes_any_algorithm() && key.usage == kind.0.as_str() && !signs(kind);
        is_of(key, kind) || stands_in()
    })
}

/// Brings keys from state to state by the clock, and the process's keys up to what the table says.
pub struct Rotation {
    pub store: Arc<dyn store::SigningKeys>,
    pub keyring: Keyring,
    pub system: System,
    pub keys: Arc<SigningKeys>,
    /// Which keys this process signs with; those are followed by others on schedule.
    pub wanted: Vec<(Usage, Algorithm)>,
    pub pace: Pace,
}

impl Rotation {
    /// Does what is due, and reads what other nodes and the command line did. A process that cannot
    /// open every key that is there does nothing: it has another secret than those who made them.
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

    /// Tells other nodes, and those that start with another configuration, which keys this one signs
    /// with, and how long what they sign is good for.
    async fn want(&self, stored: &[StoredKey], now: Timestamp) -> Result<(), KeysError> {
        let may_sign = |key: &&StoredKey| key.state == KeyState::Signing || key.is_next();
        for key in stored.iter().filter(may_sign).filter(|key| needs(&self.wanted, stored, key)) {
            let Some(usage) = Usage::parse(&key.usage) else { continue };
            let longest = self.pace.of(usage);
            if key.longest < longest || now >= key.wanted + NOTED {
                self.store.want(&key.kid, longest, now).await?;
            }
        }
        Ok(())
    }

    async fn publish(&self, new: StoredKey) -> Result<(), KeysError> {
        if self.store.add_unless_there(&new).await? {
            tell(&new, if new.is_next() { "is published and will sign" } else { "signs" });
        }
        Ok(())
    }

    /// Does a step, unless another node was first.
    async fn take(&self, step: Step<'_>, now: Timestamp) -> Result<(), KeysError> {
        match step {
            Step::Publish(kind) => {
                self.publish(make(kind, &self.keyring, &self.system)?).await?;
            }
            Step::Succeed(next) => {
                self.store.succeed(next, now).await?;
                tell(next, "signs");
            }
            Step::End(key) => {
                self.store.end(key, now).await?;
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

/// Publishes a key to follow each one of these that signs, and gives the new ones. Those that have
/// a next one already are left out. Nothing is written unless all keys that are there can be opened.
pub async fn publish_next(
    store: &dyn store::SigningKeys,
    keyring: &Keyring,
    kinds: &[(Usage, Algorithm)],
    system: &System,
) -> Result<Vec<StoredKey>, KeysError> {
    let stored = store.living().await?;
    open_all(&stored, keyring)?;
    let signs = |kind| stored.iter().any(|key| key.state == KeyState::Signing && is_of(key, kind));
    let mut published = Vec::new();
    for kind in kinds.iter().copied().filter(|kind| signs(*kind)) {
        let next = make(kind, keyring, system)?;
        if store.add_unless_there(&next).await? {
            published.push(next);
        }
    }
    Ok(published)
}
