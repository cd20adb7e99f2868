//! The only user of Pingora: listeners, HTTP framing, routing, upstreams, shutdown.
//! Does not decide who may pass: `access` does. Writes no pages: `web` does.
mod access_log;
mod admin;
mod answer_headers;
mod bridge;
mod connection;
mod connections;
mod decision;
mod drain;
mod exchange;
mod failure;
mod gateway;
mod head;
mod headers;
mod ignored_headers;
mod parser_errors;
mod request_id;
mod response;
mod routing;
mod server;
mod settings;
mod signals;
mod snapshot;
mod streams;
mod tls;
mod upstream;
mod upstream_request;
mod upstream_state;

pub use access_log::AccessLog;
pub use connections::Connections;
pub use decision::DECISIONS;
pub use drain::{Drain, DrainSignal, Jobs, Readiness, Stop};
pub use server::{BackgroundJob, ServerDeps, run};
pub use settings::{ConnectionLimits, ProxySettings};
pub use signals::Signals;
pub use snapshot::{ConfigSnapshot, ConfigSnapshotDeps, Shared};
pub use tls::{
    Certificate, CertificateError, CertificateFiles, CertificatePart, Certificates, Renewal, Tls,
    TlsError, certificate_warnings,
};
pub use upstream::Resolver;
