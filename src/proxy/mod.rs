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
mod half_close;
mod head;
mod headers;
mod listener;
mod parser_errors;
mod request_id;
mod response;
mod routing;
mod server;
mod settings;
mod snapshot;
mod streams;
mod tls;
mod upstream;
mod upstream_request;

pub use access_log::AccessLog;
pub use connections::Connections;
pub use decision::DECISIONS;
pub use drain::{Drain, DrainSignal, Readiness, Signals, Stop};
pub use server::{BackgroundJob, ServerDeps, run};
pub use settings::{ConnectionLimits, ProxySettings};
pub use snapshot::{ConfigSnapshot, ConfigSnapshotDeps, Shared};
pub use tls::{
    Certificate, CertificateError, CertificateFiles, CertificatePart, Certificates, Renewal, Tls,
    TlsError, certificate_warnings,
};
pub use upstream::Resolver;
