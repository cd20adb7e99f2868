//! The only user of Pingora: listeners, the way of a request, upstreams, shutdown.
//! Judges nothing itself: `gate` does. Answers nothing itself: `web` does.
mod access_log;
mod admin;
mod bearer;
mod body;
mod bridge;
mod caller;
mod connection;
mod connections;
mod drain;
mod exchange;
mod failure;
mod gateway;
mod head;
mod headers;
mod hsts;
mod kept;
mod live;
mod outgoing;
mod passage;
mod refusals;
mod request_id;
mod server;
mod settings;
mod streams;
mod tls;
mod upstream;

pub use access_log::AccessLog;
pub use bearer::Bearers;
pub use connections::Connections;
pub use drain::{Drain, LastCall, Readiness, Signals, Stop};
pub use exchange::DECISIONS;
pub use live::{Live, LiveParts, Shared};
pub use server::{Job, Parts, run};
pub use settings::{ConnectionLimits, Settings};
pub use tls::{
    Certificate, CertificateError, CertificateFiles, Certificates, Part, Renewal, Tls, TlsError,
    doubts,
};
pub use upstream::Resolver;
