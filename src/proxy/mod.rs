//! The only user of Pingora: listeners, HTTP framing, routing, upstreams, shutdown.
//! Does not decide who may pass: `access` does. Writes no pages: `web` does.
mod access_log;
mod admin;
mod admin_requests;
mod answer_headers;
mod body_flow;
mod bridge;
mod budget;
mod connection;
mod connections;
mod decision;
mod destination;
mod drain;
mod exchange;
mod exchanges;
mod explain;
mod failure;
mod files;
mod forward_auth;
mod gateway;
mod grpc;
mod guarded_stream;
mod half_close;
mod handover;
mod head;
mod headers;
mod http2_session;
mod ignored_headers;
mod listener;
mod pace;
mod parser_errors;
mod pipe;
mod proxy_protocol;
mod readiness;
mod reclaim;
mod redirect;
mod request_id;
mod response;
mod routing;
mod server;
mod settings;
mod signals;
mod snapshot;
mod sockets;
mod starting_admin;
mod streams;
mod tls;
mod token_holder;
mod unix_socket;
mod upstream;
mod upstream_request;
mod upstream_state;

pub use access_log::AccessLog;
pub use admin::{ADMIN_HEADER, ReadinessCheck, ReadinessChecks, ReadinessNotes};
pub use admin_requests::{AdminRequest, AdminRequests, AdminResult};
pub use connections::Connections;
pub use decision::DECISIONS;
pub use drain::{Drain, DrainSignal, Jobs, Stop, end_streams};
pub use exchanges::Exchanges;
pub use explain::{ExplainedRequest, ExplainedSite, Explanation, explain};
pub use files::{FileLimit, open_files};
pub use handover::{Predecessor, Progress, Successor, TAKES_OVER};
pub use readiness::Readiness;
pub use server::{BackgroundJob, ServerDeps, run};
pub use settings::{ConnectionLimits, ExchangeLimits, ListenAddress, ProxySettings};
pub use signals::Signals;
pub use snapshot::{ConfigSnapshot, ConfigSnapshotDeps, Shared};
pub use sockets::{GivenSockets, SocketError, Sockets};
pub use starting_admin::StartingAdmin;
pub use tls::{
    Certificate, CertificateError, CertificateFiles, CertificatePart, CertificateRequests,
    Certificates, ClientRoots, ClientRootsError, Renewal, Tls, TlsError, certificate_end,
    certificate_warnings,
};
pub use token_holder::{ASKED_FROM, ASKED_HOST, ASKED_METHOD, ASKED_TARGET, TokenHolder};
pub use upstream::{
    NameLookup, SystemLookup, UpstreamPools, UpstreamTlsError, UpstreamTlsPart, Upstreams,
    check_upstream_tls,
};
