//! The suites for a database, with PostgreSQL, and what holds for it alone.
use crate::support::databases::postgresql as database;

#[path = "conflicts.rs"]
mod conflicts;
#[path = "contacts.rs"]
mod contacts;
#[path = "copy.rs"]
mod copy;
#[path = "grants.rs"]
mod grants;
#[path = "network.rs"]
mod network;
#[path = "personal_tokens.rs"]
mod personal_tokens;
#[path = "postgresql.rs"]
mod postgresql;
#[path = "refresh_tokens.rs"]
mod refresh_tokens;
#[path = "replaced.rs"]
mod replaced;
#[path = "sql.rs"]
mod sql;
#[path = "sweep.rs"]
mod sweep;
#[path = "swept_grants.rs"]
mod swept_grants;
