use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::tls::{Certificate, ClientRoots};
use crate::domain::Host;
use crate::gate::{ForwardAuthSettings, Hsts};

/// `[server]` and `[admin]`: listeners, trusted proxies, limits. Read once, at start.
#[derive(Clone, Debug)]
pub struct ProxySettings {
    pub listen: Vec<ListenAddress>,
    /// Permissions of the Unix sockets among them.
    pub socket_mode: u32,
    /// Where plain http is answered with a redirect to https.
    pub redirect_listen: Vec<SocketAddr>,
    /// Peers whose connections begin with a header of the PROXY protocol. Empty: none.
    pub proxy_protocol_from: Vec<IpNet>,
    pub admin: SocketAddr,
    /// Peers whose `X-Forwarded-For` is used. Empty: none.
    pub trusted_proxies: Vec<IpNet>,
    /// Whose questions about requests are answered.
    pub forward_auth: ForwardAuthSettings,
    pub connections: ConnectionLimits,
    pub exchanges: ExchangeLimits,
    /// `server.tls`; empty: every address speaks plain http.
    pub tls: Vec<Certificate>,
    /// The hosts whose clients are asked for a certificate.
    pub client_roots: Vec<(Host, ClientRoots)>,
    /// Whether HTTP/2 without TLS is accepted.
    pub h2c: bool,
    /// For our own pages on the issuer's origin.
    pub hsts: Hsts,
    /// From failing readiness to closing the listeners.
    pub drain_delay: Duration,
    /// Limit of what is under way when another process took over.
    pub upgrade_drain: Duration,
}

/// Where clients connect to.
#[derive(Clone, PartialEq, Eq)]
pub enum ListenAddress {
    Tcp(SocketAddr),
    /// The absolute path of a socket.
    Unix(PathBuf),
}

impl ListenAddress {
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

/// As in `server.listen`.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// For lists in the log.
impl fmt::Debug for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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
