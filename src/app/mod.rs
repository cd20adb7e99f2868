//! The only place where the pieces are joined: configuration in, a server out.
//! Decides nothing about requests or people.
mod build;
mod decorate;
mod demo;
mod health;
mod keys;
mod people;
mod secret;
mod serve;
mod sweep;
mod tls;

pub use build::{AppError, Surroundings, assemble, build};
pub use decorate::{Assembled, Decorator, StoreSet, Undecorated};
pub use health::health;
pub use keys::{list_keys, rotate_keys};
pub use people::{block_user, show_user, unblock_user};
pub use secret::examine;
pub use serve::serve;
