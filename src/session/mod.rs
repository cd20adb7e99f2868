//! Signed-in browsers: begins, checks and ends their sessions. The only maker of `SignedIn`.
//! Does not know how somebody proved who they are, nor what they may see.
mod beginning;
mod check;
mod follow;
mod header_cache;
mod named;
mod own;
mod person;
mod revoked;
mod settings;
mod shared;
mod token;
mod watch;

pub use crate::store::SessionKind;
pub use beginning::{Browser, Device, beginning};
pub use check::{PreparedSession, Sessions, SignedIn};
pub use header_cache::{CachedHeaders, HeaderCache, HeaderCacheKey};
pub use own::{OwnSession, living};
pub use settings::Settings;
pub use token::SessionToken;
pub use watch::{Term, Watch};
