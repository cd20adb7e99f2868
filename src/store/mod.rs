//! What is kept: small traits, and behind them memory and SQL. Makes no decision about people:
//! what a step on an attempt does is told by `login`, the store only makes it atomic.
mod attempts;
mod counters;
mod durable;
mod grants;
mod memory;
mod signing_keys;
mod sql;
mod tickets;

pub use attempts::{Attempt, AttemptKey, Attempts, SendOutcome, SendRefusal, Step, StepFn};
pub use counters::{
    Count, Counted, CounterKey, Counters, KeptCounters, MemoryCounters, Room, Spacing, Take,
};
pub use durable::{
    Change, Committed, Logins, NewLogin, Opens, OwnSession, SessionKind, Sessions, Standing,
    StoredBeginning, StoredSession, StoredUser, Users, Which,
};
pub use grants::{
    GrantState, Grants, NewCode, NewGrant, RedeemedCode, RefreshDigests, RefreshWorth, Rotation,
    StoredCode, StoredGrant, StoredRefresh,
};
pub use memory::MemoryAttempts;
pub use signing_keys::{KeyState, SigningKeys, StoredKey};
pub use sql::{Database, SqlStore, Swept};
pub use tickets::{Carried, LoginTicket, MemoryTickets, Ticket, Tickets};

/// A store did not do what it was asked. What needed it is refused, never let through.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(
        "its tables are those of another version of doorcode: use the one that its servers run. If \
         this is a newer one that is to replace it, its first start changes them"
    )]
    OtherVersion,
    #[error("a row of `{table}` cannot be read: {column}")]
    BadRow { table: &'static str, column: &'static str },
    #[error("the folder for the database cannot be made: {0}")]
    Folder(std::io::Error),
    #[error("the database cannot be opened: {0}")]
    File(std::io::Error),
}
