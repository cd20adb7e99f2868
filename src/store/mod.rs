//! Persistence: small traits, implemented in memory, in SQL and over cells that nodes share. Holds no
//! rules about people: what happens to an attempt is decided by `login`; the store makes the decided
//! step atomic.
mod attempt_history;
mod attempts;
mod cells;
mod contact_keys;
mod counters;
mod engine_usage;
mod error;
mod grants;
mod logins;
mod memory_attempts;
mod memory_stores;
mod nodes;
mod personal_tokens;
mod redis_fault;
mod sessions;
mod settings;
mod shared_attempts;
mod shared_tickets;
mod signing_keys;
mod sql;
mod stored_session;
mod text_record;
mod texts;
mod ticket_stores;
mod tickets;
mod users;

pub use attempt_history::{AttemptHistory, HistoryEntry, StoredHistory};
pub use attempts::{
    Attempt, AttemptStore, AttemptUpdate, SendOutcome, SendRefusal, TextFate, TextState, UpdateFn,
    Verification,
};
pub use cells::{
    CellKey, CellKind, CellStore, RedisCells, RedisServer, RedisSettings, RedisUrlError,
};
pub use contact_keys::ContactKeys;
pub use counters::{
    AddedTotal, Addition, Backoff, Counted, CounterCapacity, CounterId, CounterMark, CounterStore,
    CounterTotal, Increment, MemoryCounters, PlacedMark, SharedCounters, TakeOutcome, TotalStore,
};
pub use engine_usage::{EngineOutage, EngineUsage};
pub use error::StoreError;
pub use grants::{
    GrantState, GrantStore, MaskedSuccessor, NewAuthorizationCode, NewGrant, RedeemedCode,
    RefreshDigests, RefreshRotation, RefreshSuccessor, RefreshTokenState, StoredAuthorizationCode,
    StoredGrant, StoredRefreshToken,
};
pub use logins::{LoginOutcome, LoginStore, NewLogin, SessionBinding};
pub use memory_attempts::MemoryAttempts;
pub use memory_stores::{CarriedValue, MemoryStores};
pub use nodes::{NodeDescription, NodeStore, StoredNode};
pub use personal_tokens::{
    InsertedToken, NewPersonalToken, PersonalTokenStore, PersonalTokenSummary, StoredPersonalToken,
};
pub use redis_fault::RedisFault;
pub use sessions::{
    Change, ChangeListener, PollingListener, SessionSelection, SessionStore, SessionSummary,
    SignInContext,
};
pub use settings::{CacheSettings, StoreSettings};
pub use shared_attempts::SharedAttempts;
pub use shared_tickets::SharedTickets;
pub use signing_keys::{KeyState, SigningKeyStore, StoredKey};
pub use sql::{
    CleanupCounts, CopyError, Database, PersistentCounters, PostgresServer, PostgresUrlError,
    Reencrypted, SqlCells, SqlStore, StoreProgress, copy,
};
pub use stored_session::{SessionKind, StoredSession};
pub use texts::{MovedText, SentText, TextReceipt, TextRequest, TextStore, TextTotals};
pub use ticket_stores::TicketStores;
pub use tickets::{HandoverTicket, KeptForm, LoginTicket, MemoryTickets, TicketStore};
pub use users::{FoundUser, StoredUser, UserRevision, UserStore};
