//! Persistence: small traits, implemented in memory and in SQL. Holds no rules about people: what
//! happens to an attempt is decided by `login`; the store makes the decided step atomic.
mod attempts;
mod counters;
mod error;
mod grants;
mod logins;
mod memory_attempts;
mod sessions;
mod signing_keys;
mod sql;
mod tickets;
mod users;

pub use attempts::{Attempt, Attempts, SendOutcome, SendRefusal, Step, StepFn};
pub use counters::{Count, Counted, Counters, MemoryCounters, Room, Spacing, Take};
pub use error::StoreError;
pub use grants::{
    GrantState, Grants, NewCode, NewGrant, RedeemedCode, RefreshDigests, RefreshWorth, Rotation,
    StoredCode, StoredGrant, StoredRefresh,
};
pub use logins::{Committed, Logins, NewLogin, Opens};
pub use memory_attempts::MemoryAttempts;
pub use sessions::{
    Change, OwnSession, SessionKind, Sessions, StoredBeginning, StoredSession, Which,
};
pub use signing_keys::{KeyState, SigningKeys, StoredKey};
pub use sql::{Database, KeptCounters, SqlStore, Swept};
pub use tickets::{LoginTicket, MemoryTickets, Ticket, Tickets};
pub use users::{Standing, StoredUser, Users};
