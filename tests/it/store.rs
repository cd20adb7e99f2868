//! What every backend of a store must do, as one suite for each kind.
mod attempts;
mod cells;
mod grants;
mod nodes;
mod redis_faults;
mod redis_kinds;
mod refresh_tokens;
mod replaced;
mod sql;
mod sweep;
mod swept_grants;
mod tickets;
