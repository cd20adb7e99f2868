//! Signed-in browsers: begins, checks and ends their sessions. The only maker of `SignedIn`.
//! Does not know how somebody proved who they are, nor what they may see.
mod check;
mod settings;
mod shared;
mod token;

pub use check::{PreparedSession, Sessions, SignedIn};
pub use settings::Settings;
pub use token::SessionToken;
