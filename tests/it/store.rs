//! What every backend of a store must do, as one suite for each kind.
mod attempts;
mod grants;
mod refresh_tokens;
mod replaced;
mod sql;
mod sweep;
mod swept_grants;
