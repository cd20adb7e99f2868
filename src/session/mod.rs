//! Signed-in browsers: begins, checks and ends their sessions. The only maker of `SignedIn`.
mod settings;

pub use settings::Settings;
