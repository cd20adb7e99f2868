use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::tls::Certificate;
use crate::gate::{ForwardAuthSettings, Hsts};

/// `[server]` and `[admin]`: listeners, trusted proxies, limits. Read once, at start.
#[derive(Clone, Debug)]
pub struct ProxySettings {
    pub listen: Vec<SocketAddr>,
    pub admin: SocketAddr,
    /// Peers whose `X-Forwarded-For` is used. Empty: none.
    pub trusted_proxies: Vec<IpNet>,
    /// Whose questions about requests are answered.
    pub forward_auth: ForwardAuthSettings,
    pub connections: ConnectionLimits,
    pub exchanges: ExchangeLimits,
    /// `server.tls`; empty: every address speaks plain http.
    pub tls: Vec<Certificate>,
    /// Whether HTTP/2 without TLS is accepted.
    pub h2c: bool,
    /// For our own pages on the issuer's origin.
    pub hsts: Hsts,
    /// From failing readiness to closing the listeners.
    pub drain_delay: Duration,
}

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub total: usize,
    /// Open from one IPv4 address or IPv6 /64 network.
    pub per_address: usize,
    /// Idle time between two requests.
    pub idle: Duration,
    /// Bytes a second that a client has to send or take at least; 0: any.
    pub least_rate: u64,
}

/// Limits of exchanges: requests that are not finished.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeLimits {
    pub total: usize,
    /// From one IPv4 address or IPv6 /64 network.
    pub per_address: usize,
}
