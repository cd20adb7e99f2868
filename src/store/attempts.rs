use std::fmt;

use async_trait::async_trait;

use super::{CounterKey, StoreError};
use crate::domain::{AttemptId, CodeLength, KeyId};
use crate::system::Timestamp;

/// Where an attempt is found: a keyed digest of (door, who, phone). Tells nothing about them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptKey(pub [u8; 32]);

impl fmt::Debug for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptKey(…)")
    }
}

/// One login in progress. Holds what its code is made of, not the code: without the codes key
/// a copy of it opens nothing.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub id: AttemptId,
    pub nonce: [u8; 16],
    pub length: CodeLength,
    /// The key that the code is made with.
    pub key: KeyId,
    pub made: Timestamp,
    /// From then on the code is refused.
    pub expires: Timestamp,
    pub tries_left: u8,
    /// Keyed digests of the answers that took a try: the same answer never takes another.
    pub answers: Vec<[u8; 16]>,
    /// When the code signed somebody in.
    pub used: Option<Timestamp>,
    /// What became of the newest text.
    pub outcome: SendOutcome,
    /// Whose attempt it was counted as, and when by the counters' clock.
    pub source: CounterKey,
    pub counted: Timestamp,
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// No provider has answered yet.
    Pending,
    Sent,
    Refused {
        why: SendRefusal,
        /// The provider's own number for it, where it told one. Means something only together
        /// with the provider's documentation; quotes nothing of the text or the number.
        code: Option<u32>,
    },
}

/// Why no text was sent, in as much as the person at the page is told. Written out, it is what an
/// application is told in place of the provider's own message, which quotes the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendRefusal {
    /// This number cannot be texted; another one may.
    #[error("the number cannot receive texts")]
    Number,
    /// The recipient told the sender to stop.
    #[error("the recipient has stopped texts from this sender")]
    OptedOut,
    /// Nobody can be texted just now.
    #[error("the text could not be sent")]
    Service,
}

/// What an atomic step makes of the attempt that it was shown.
#[derive(Debug)]
pub enum Step {
    Keep,
    Put(Attempt),
}

/// A change of one attempt, from what it is shown (`None`: there is none) to what is kept.
pub type StepFn<'a> = dyn FnMut(Option<&Attempt>) -> Step + Send + 'a;

/// Attempts, with their expiry. Every step is atomic on its one key.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// The attempt as it is now. Attempts that are over are remembered for a while.
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError>;

    /// Shows `step` the attempt and puts what it answers, with nothing between. A backend that
    /// competes with others may call `step` again: it must only depend on what it is shown.
    async fn update(&self, key: AttemptKey, step: &mut StepFn<'_>) -> Result<(), StoreError>;
}
