//! Values that live for a limited time, found by a key and shared by all nodes.
//! Knows neither what the values mean nor what may be done to them.
mod codec;
mod redis;
mod turns;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AttemptKey, CounterKey, TicketDigest};
use crate::system::millis;

pub use self::redis::{RedisCells, RedisServer, RedisSettings, RedisUrlError};
pub(in crate::store) use codec::{StoredRecord, decode, encode};
pub(in crate::store) use turns::Turns;

/// How long a store tries to change a value that others change at the same time, before it gives up.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(5);

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    Attempt,
    HandoverTicket,
    LoginTicket,
    KeptForm,
    Counter,
    /// What tells one store of cells from another.
    Mark,
}

impl CellKind {
    /// The name in keys, in the database and in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::HandoverTicket => "handover-ticket",
            Self::LoginTicket => "login-ticket",
            Self::KeptForm => "kept-form",
            Self::Counter => "counter",
            Self::Mark => "mark",
        }
    }
}

/// The key of a cell. Made of digests: it names nobody, and nobody can choose it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellKey {
    kind: CellKind,
    /// Lower-case hexadecimal; of a counter followed by `-` and the window in milliseconds.
    digest: String,
}

impl CellKey {
    pub fn attempt(key: AttemptKey) -> Self {
        Self { kind: CellKind::Attempt, digest: key.to_hex() }
    }

    pub fn handover_ticket(key: TicketDigest) -> Self {
        Self { kind: CellKind::HandoverTicket, digest: key.to_hex() }
    }

    pub fn login_ticket(key: TicketDigest) -> Self {
        Self { kind: CellKind::LoginTicket, digest: key.to_hex() }
    }

    pub fn kept_form(key: TicketDigest) -> Self {
        Self { kind: CellKind::KeptForm, digest: key.to_hex() }
    }

    /// One key is counted apart in each length of window.
    pub fn counter(key: CounterKey, window: Duration) -> Self {
        let digest = format!("{}-{}", key.to_hex(), millis(window));
        Self { kind: CellKind::Counter, digest }
    }

    /// The one that every store has.
    pub const fn mark() -> Self {
        Self { kind: CellKind::Mark, digest: String::new() }
    }

    pub const fn kind(&self) -> CellKind {
        self.kind
    }

    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.digest)
    }
}

/// Values that expire, found by a key. Each step is atomic for its key, over all nodes.
///
/// After an error a step may have been done or not, and may even be done later. One whose answer was
/// lost may be done twice: [`Self::swap`] then says `false` of its own value, and [`Self::take`] has
/// lost what it took. What is built on this must be safe in each case.
#[async_trait]
pub trait CellStore: Send + Sync {
    /// The value as all steps before left it; never an older one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn get(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces `old` (`None`: there is nothing) by `new` (`None`: remove), which is forgotten
    /// after `lives`. `false`: the present value is another one than `old`, and stays.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn swap(
        &self,
        key: &CellKey,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
        lives: Duration,
    ) -> Result<bool, StoreError>;

    /// Removes and returns the value. Of several concurrent calls only one gets it.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn take(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError>;
}
