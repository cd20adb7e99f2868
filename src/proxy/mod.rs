//! The only user of Pingora: listeners, the way of a request, upstreams, shutdown.
//! Judges nothing itself: `gate` does. Answers nothing itself: `web` does.
mod access_log;
mod admin;
mod bridge;
mod connection;
mod drain;
mod exchange;
mod gateway;
mod head;
mod headers;
mod hsts;
mod live;
mod outgoing;
mod request_id;
mod server;
mod settings;
mod upstream;

pub use access_log::AccessLog;
pub use connection::Connections;
pub use drain::{Drain, Readiness, Signals, Stop};
pub use exchange::DECISIONS;
pub use live::{Live, LiveParts, Shared};
pub use server::{Job, Parts, run};
pub use settings::Settings;
pub use upstream::Resolver;
