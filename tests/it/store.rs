//! What every backend of a store must do, as one suite for each kind.
mod attempts;
mod sql;
mod sweep;
