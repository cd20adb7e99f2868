use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::tls::Certificate;
use crate::gate::Hsts;

/// `[server]` and `[admin]`: sockets and whom to believe. What is read once, at start.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: Vec<SocketAddr>,
    pub admin: SocketAddr,
    /// Peers whose `X-Forwarded-For` is believed. Empty: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    pub connections: ConnectionLimits,
    /// `server.tls`; empty: every address speaks plain http.
    pub tls: Vec<Certificate>,
    /// Whether HTTP/2 is taken without TLS.
    pub h2c: bool,
    /// Where no site says otherwise.
    pub hsts: Hsts,
    /// From the end of readiness to that of listening.
    pub drain_delay: Duration,
}

/// How many connections may be open, and how long for nothing.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub in_all: usize,
    /// From one address; IPv6: from one /64 network.
    pub per_address: usize,
    /// Between two requests.
    pub idle: Duration,
}
