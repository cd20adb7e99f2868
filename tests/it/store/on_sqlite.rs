//! The suites for a database, with SQLite, and what holds for files alone.
use crate::support::databases::sqlite as database;

#[path = "contacts.rs"]
mod contacts;
#[path = "grants.rs"]
mod grants;
#[path = "personal_tokens.rs"]
mod personal_tokens;
#[path = "refresh_tokens.rs"]
mod refresh_tokens;
#[path = "replaced.rs"]
mod replaced;
#[path = "sql.rs"]
mod sql;
#[path = "sqlite.rs"]
mod sqlite;
#[path = "sweep.rs"]
mod sweep;
#[path = "swept_grants.rs"]
mod swept_grants;
