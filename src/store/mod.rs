//! Persistence: small traits, implemented in memory and in SQL. Holds no rules about people: what
//! happens to an attempt is decided by `login`; the store makes the decided step atomic.
mod attempts;
mod counters;
mod error;
mod grants;
mod logins;
mod memory_attempts;
mod nodes;
mod sessions;
mod settings;
mod signing_keys;
mod sql;
mod tickets;
mod users;

pub use attempts::{Attempt, AttemptStore, AttemptUpdate, SendOutcome, SendRefusal, UpdateFn};
pub use counters::{
    Backoff, Counted, CounterCapacity, CounterStore, Increment, MemoryCounters, TakeOutcome,
};
pub use error::StoreError;
pub use grants::{
    GrantState, GrantStore, MaskedSuccessor, NewAuthorizationCode, NewGrant, RedeemedCode,
    RefreshDigests, RefreshRotation, RefreshSuccessor, RefreshTokenState, StoredAuthorizationCode,
    StoredGrant, StoredRefreshToken,
};
pub use logins::{LoginOutcome, LoginStore, NewLogin, SessionBinding};
pub use memory_attempts::MemoryAttempts;
pub use nodes::{NodeDescription, NodeStore, StoredNode};
pub use sessions::{
    Change, ChangeListener, PollingListener, SessionKind, SessionSelection, SessionStore,
    SessionSummary, SignInContext, StoredSession,
};
pub use settings::StoreSettings;
pub use signing_keys::{KeyState, SigningKeyStore, StoredKey};
pub use sql::{
    CleanupCounts, Database, PersistentCounters, PostgresServer, PostgresUrlError, SqlStore,
};
pub use tickets::{HandoverTicket, LoginTicket, MemoryTickets, TicketStore};
pub use users::{StoredUser, UserRevision, UserStore};
