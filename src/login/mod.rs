//! Logging in: from a number that was typed to a person who is proved. Knows no HTTP and no
//! OAuth.
mod settings;

pub use settings::{Countries, Settings};
