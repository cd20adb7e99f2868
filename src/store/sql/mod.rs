//! The stores in SQLite or PostgreSQL, in one SQL for both. Holds no rules: it keeps what `store`'s
//! traits say, in transactions.
//! Times are milliseconds since 1970, ids and digests lower-case hexadecimal; `''` is no value.
mod attempt_history;
mod cells;
mod changes;
mod cleanup;
mod codes;
mod contacts;
mod copied_tables;
mod copy;
mod counters;
mod database;
mod foreign;
mod found_grant;
mod grants;
mod logins;
mod migrations;
mod nodes;
mod notifications;
mod opening;
mod personal_tokens;
mod plain_numbers;
mod pool;
mod postgres;
mod query;
mod reencrypt;
mod rows;
mod schema;
mod sessions;
mod signing_keys;
mod stale_connections;
mod texts;
mod totals;
mod user_lock;
mod users;

pub use cells::SqlCells;
pub use cleanup::CleanupCounts;
pub use copy::{CopyError, StoreProgress, copy};
pub use counters::PersistentCounters;
pub use database::{Database, SqlStore};
pub use postgres::{PostgresServer, PostgresUrlError};
pub use reencrypt::Reencrypted;
