//! What every backend of a store must do, as one suite for each kind.
mod attempts;
mod carried;
mod cells;
mod demoted;
mod engines;
mod foreign;
mod living_nodes;
mod nodes;
#[expect(clippy::duplicate_mod, reason = "the same suites for either database")]
mod on_postgresql;
mod on_sqlite;
mod outage;
mod redis_faults;
mod redis_kinds;
mod server;
mod tickets;
mod totals;
mod two_nodes;
