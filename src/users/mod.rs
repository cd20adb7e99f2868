//! Users: who they are and which roles they have.
//! Does not authenticate anyone.
mod configured;
mod directory;

pub use configured::{ConfiguredUser, Roles, ensure_users};
pub use directory::Directory;
