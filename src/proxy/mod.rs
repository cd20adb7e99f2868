//! The only user of Pingora: listeners, the way of a request, upstreams, shutdown.
//! Judges nothing itself: `gate` does.
mod settings;

pub use settings::Settings;
