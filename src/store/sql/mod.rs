//! The stores in SQLite. Holds no rules: it keeps what `store`'s traits say, in transactions.
//! Times are milliseconds since 1970, ids and digests lower-case hexadecimal; `''` is no value.
mod changes;
mod cleanup;
mod codes;
mod counters;
mod database;
mod grants;
mod logins;
mod migrations;
mod rows;
mod sessions;
mod signing_keys;
mod users;

pub use cleanup::CleanupCounts;
pub use counters::PersistentCounters;
pub use database::{Database, SqlStore};
