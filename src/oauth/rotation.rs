use std::sync::Arc;
use std::time::Duration;

use super::keys::make;
use super::{Algorithm, KeysError, SigningKeys, Usage, assertion};
use crate::domain::Keyring;
use crate::store::{self, KeyState, StoredKey};
use crate::system::{System, Timestamp};

/// How long a key is published before it signs, and how much longer than what it signed: five
/// minutes in which others keep the key set, a minute until every node has read the table, and
/// time for clocks that disagree.
const LEARNED: Duration = Duration::from_mins(10);

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

enum Step {
    Publish(Usage, Algorithm),
    Succeed { former: String, next: String },
    Retire(String),
}

/// What is to be done with these keys now. Every node comes to the same; the store lets one do it.
fn due(
    keys: &[StoredKey],
    wanted: &[(Usage, Algorithm)],
    pace: &Pace,
    now: Timestamp,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for key in keys {
        let Some(usage) = Usage::parse(&key.usage) else { continue };
        let next = keys.iter().find(|next| next.is_next() && is_same_kind(next, key));
        match (key.state, next, key.signed_from, key.signed_until) {
            (KeyState::Signing, Some(next), ..) if now >= signs_from(next) => {
                let (former, next) = (key.kid.clone(), next.kid.clone());
                steps.push(Step::Succeed { former, next });
            }
            (KeyState::Signing, None, Some(from), _) if !pace.lifetime.is_zero() => {
                let kind = wanted.iter().find(|(usage, algorithm)| {
                    (usage.as_str(), algorithm.as_str()) == (&*key.usage, &*key.algorithm)
                });
                if let Some((usage, algorithm)) =
                    kind.filter(|_| now >= from + pace.lifetime - LEARNED)
                {
                    steps.push(Step::Publish(*usage, *algorithm));
                }
            }
            (KeyState::Published, _, _, Some(until)) if now >= until + pace.of(usage) + LEARNED => {
                steps.push(Step::Retire(key.kid.clone()));
            }
            _ => {}
        }
    }
    steps
}

fn is_same_kind(one: &StoredKey, other: &StoredKey) -> bool {
    (&one.usage, &one.algorithm) == (&other.usage, &other.algorithm)
}

/// Brings keys from state to state by the clock, and the process's keys up to what the table says.
pub struct Rotation {
    pub store: Arc<dyn store::SigningKeys>,
    pub keyring: Keyring,
    pub system: System,
    pub keys: Arc<SigningKeys>,
    /// Which keys are followed by others on schedule.
    pub wanted: Vec<(Usage, Algorithm)>,
    pub pace: Pace,
}

impl Rotation {
    /// Does what is due, and reads what other nodes and the command line did.
    pub async fn turn(&self) -> Result<(), KeysError> {
        let now = self.system.now();
        let stored = self.store.living().await?;
        for step in due(&stored, &self.wanted, &self.pace, now) {
            let (kid, what) = self.take(step, now).await?;
            tracing::info!(kid, "a signing key {what}");
        }
        self.keys.read(&*self.store, &self.keyring, &self.system).await
    }

    /// Does a step, unless another node was first, and tells which key is what now.
    async fn take(&self, step: Step, now: Timestamp) -> Result<(String, &'static str), KeysError> {
        Ok(match step {
            Step::Publish(usage, algorithm) => {
                let next = make(usage, algorithm, &self.keyring, &self.system)?;
                let first = self.store.add_unless_there(&next).await?;
                (next.kid, if first { "is published and will sign" } else { "was not needed" })
            }
            Step::Succeed { former, next } => {
                self.store.succeed(&former, &next, now).await?;
                (next, "signs")
            }
            Step::Retire(kid) => {
                self.store.retire(&kid).await?;
                (kid, "is retired")
            }
        })
    }
}

/// Publishes a key to follow each one that signs, or each of one use, and gives these. Those that
/// have one already are left out.
pub async fn publish_next(
    store: &dyn store::SigningKeys,
    keyring: &Keyring,
    usage: Option<Usage>,
    system: &System,
) -> Result<Vec<StoredKey>, KeysError> {
    let mut published = Vec::new();
    for key in store.living().await? {
        let kind = Usage::parse(&key.usage).zip(Algorithm::parse(&key.algorithm));
        let Some((of, algorithm)) = kind.filter(|_| key.state == KeyState::Signing) else {
            continue;
        };
        if usage.is_none_or(|usage| usage == of) {
            let next = make(of, algorithm, keyring, system)?;
            if store.add_unless_there(&next).await? {
                published.push(next);
            }
        }
    }
    Ok(published)
}
