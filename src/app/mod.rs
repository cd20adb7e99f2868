//! Assembles the server and the commands from a configuration.
//! Decides nothing about requests or users.
mod build;
mod changes;
mod cleanup;
mod copy;
mod database;
mod decorate;
mod demo;
mod engine_watch;
mod engines;
mod error;
mod health;
mod json_lines;
mod keys;
mod last_seen;
mod log;
mod nodes;
mod other_nodes;
mod progress_bar;
mod readiness;
mod rotate_secret;
mod secret;
mod serve;
mod stores;
mod tls;
mod users;

pub use build::{AppDeps, assemble, build};
pub use copy::{copy_store, migrate};
pub use decorate::{Assembled, Decorator, StoreSet, Undecorated};
pub use error::AppError;
pub use health::health;
pub use keys::{list_keys, rotate_keys};
pub use nodes::list_nodes;
pub use rotate_secret::rotate_secret;
pub use secret::examine;
pub use serve::serve;
pub use users::{block_user, find_users, show_user, unblock_user};
