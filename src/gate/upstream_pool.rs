//! How the upstreams of a site are used: in which order, for how long, and by which protocol.
use std::time::Duration;

use crate::domain::Secret;

/// How an upstream is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// HTTP/1.1 without TLS.
    #[default]
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2 over TLS, and nothing else.
    Http2,
    /// HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3).
    Http2Plain,
}

impl UpstreamProtocol {
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Http2)
    }

    pub const fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2Plain)
    }

    /// What an address begins with in the configuration.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Http => "",
            Self::Https => "https://",
            Self::Http2 => "h2://",
            Self::Http2Plain => "h2c://",
        }
    }
}

/// Which of several upstreams gets a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The one with the fewest open requests, websockets and streams.
    LeastConnections,
    /// The same for all requests of a session.
    Session,
}

/// A request that Doorcode makes itself, again and again, to learn whether an upstream works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    pub path: String,
    /// The status that a working upstream answers with.
    pub status: u16,
    pub interval: Duration,
}

/// A certificate that is shown to upstreams.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    /// With its intermediates.
    pub chain: String,
    pub key: Secret,
}

impl PartialEq for ShownCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain && self.key.reveal() == other.key.reveal()
    }
}

impl Eq for ShownCertificate {}

/// How upstreams prove who they are, and how Doorcode does. PEM texts, which were read with the
/// configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// The only authorities that are trusted; `None`: those of the operating system.
    pub ca: Option<String>,
    pub client: Option<ShownCertificate>,
    /// The name that the upstream's certificate has; `None`: the host of its address.
    pub server_name: Option<String>,
}

/// How the upstreams of a site are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    pub balance: Balance,
    /// `None`: only requests tell whether an upstream works.
    pub health: Option<HealthCheck>,
    /// For connecting, the TLS handshake included.
    pub connect_timeout: Duration,
    /// Until the first byte of an answer; `None`: [`super::UpstreamOptions::timeout`].
    pub first_byte_timeout: Option<Duration>,
    /// For a whole exchange; `None`: no limit.
    pub total_timeout: Option<Duration>,
    /// How long a connection waits for another request.
    pub idle_timeout: Duration,
    pub tls: UpstreamTls,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            balance: Balance::default(),
            health: None,
            // A lost first packet is sent again after one second (RFC 6298 §2.1).
            connect_timeout: Duration::from_secs(3),
            first_byte_timeout: None,
            total_timeout: None,
            idle_timeout: Duration::from_mins(1),
            tls: UpstreamTls::default(),
        }
    }
}
