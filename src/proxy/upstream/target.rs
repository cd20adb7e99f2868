//! One address of an app: how it is reached, and whether it is used.
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use pingora::upstreams::peer::{HttpPeer, Peer as _};
use tokio::net::{TcpStream, UnixStream};

use super::affinity::hash;
use super::alarm::{Alarm, millis};
use super::app_socket::AppSocket;
use super::back_off::BackOff;
use super::tls_client::TlsClient;
use crate::gate::{PoolOptions, UpstreamProtocol};

/// After this time without a connection, other requests do not wait for it too. Longer than the way
/// to the other side of the earth and back.
const SLOW: Duration = Duration::from_millis(500);
/// Streams that one HTTP/2 connection to an app carries; an app may allow fewer.
const STREAMS: usize = 100;
/// What an app may send on one stream before its client takes it, bytes: the default of HTTP/2.
const STREAM_WINDOW: u32 = 65_535;
/// On all of them: no client that takes nothing holds up the others.
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;
/// How often an HTTP/2 connection is asked whether it lives.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// Limit for one write, not for a whole upload.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// Where one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Inet(SocketAddr),
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What connections to an address are made with.
#[derive(Clone, Debug)]
pub(super) struct TargetRoute {
    pub(super) place: Place,
    /// The name that the address was found by.
    pub(super) name: Option<(String, u16)>,
    pub(super) protocol: UpstreamProtocol,
    /// The name in the app's certificate, as far as it has one.
    pub(super) server_name: String,
    /// `None`: without TLS.
    pub(super) tls: Option<Arc<TlsClient>>,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
}

/// One address of an app, and its state.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) route: TargetRoute,
    /// The index of the upstream in the site's list.
    pub(super) upstream: usize,
    /// The address as the log has it.
    pub(super) shown: String,
    /// Of its address alone, so that all servers and all starts have the same.
    pub(super) hash: u64,
    peer: HttpPeer,
    alarm: Arc<Alarm>,
    /// Requests, streams and websockets under way.
    open: AtomicUsize,
    pub(super) back_off: BackOff,
    /// The site has a health check.
    is_checked: bool,
    /// The health check says that it does not work, or has not been asked since it was left out.
    is_unhealthy: AtomicBool,
    /// Failed checks in a row.
    failed_checks: AtomicU32,
    /// When its next probe or health check is due, milliseconds since the start of the watch.
    pub(super) look_at: AtomicU64,
    /// One is under way.
    pub(super) is_looked_at: AtomicBool,
}

/// Health checks that fail in a row before an app is not used: one may be lost.
const FAILED_CHECKS: u32 = 2;

impl Target {
    /// `None` only for a path that no socket can have, which the configuration refuses.
    pub(super) fn new(
        route: TargetRoute,
        upstream: usize,
        options: &PoolOptions,
        alarm: &Arc<Alarm>,
    ) -> Option<Self> {
        let peer = prepared(&route, options)?;
        Some(Self {
            upstream,
            shown: peer.address().to_string(),
            hash: hash(route.place.to_string().as_bytes()),
            route,
            peer,
            alarm: Arc::clone(alarm),
            open: AtomicUsize::new(0),
            back_off: BackOff::default(),
            is_checked: options.health.is_some(),
            is_unhealthy: AtomicBool::new(false),
            failed_checks: AtomicU32::new(0),
            look_at: AtomicU64::new(0),
            is_looked_at: AtomicBool::new(false),
        })
    }

    /// Whether another is the same address, spoken to in the same way.
    pub(super) fn is_reached_as(&self, other: &Self) -> bool {
        let (route, others) = (&self.route, &other.route);
        route.place == others.place
            && route.protocol == others.protocol
            && route.server_name == others.server_name
    }

    /// Takes over what is known of it.
    pub(super) fn with_state_of(self, old: Option<&Self>) -> Self {
        let Some(old) = old else { return self };
        let is_unhealthy = self.is_checked && old.is_unhealthy.load(Ordering::Relaxed);
        self.is_unhealthy.store(is_unhealthy, Ordering::Relaxed);
        if old.back_off.is_ejected() {
            self.eject();
        }
        self.look_at.store(old.look_at.load(Ordering::Relaxed), Ordering::Relaxed);
        self
    }

    /// A peer of Pingora's, for one request.
    pub(super) fn peer(&self) -> HttpPeer {
        self.peer.clone()
    }

    /// Whether requests go to it while others work.
    pub(super) fn is_available(&self) -> bool {
        !self.back_off.is_ejected() && !self.is_unhealthy.load(Ordering::Relaxed)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Leaves it out until it takes connections and, where the site has a health check, until that says
    /// that it works. Returns whether it was not left out for its connections until now.
    pub(super) fn eject(&self) -> bool {
        if self.is_checked {
            self.is_unhealthy.store(true, Ordering::Relaxed);
        }
        self.back_off.eject()
    }

    /// Notes the result of a health check. Returns whether that changes whether it is used.
    pub(super) fn checked(&self, works: bool) -> bool {
        if works {
            self.failed_checks.store(0, Ordering::Relaxed);
            return self.is_unhealthy.swap(false, Ordering::Relaxed);
        }
        let failed = 1 + self.failed_checks.fetch_add(1, Ordering::Relaxed);
        failed >= FAILED_CHECKS && !self.is_unhealthy.swap(true, Ordering::Relaxed)
    }

    /// A connection failed, or is long in coming. Other requests go elsewhere until a probe succeeds,
    /// as far as there is another address, and the name is asked for anew.
    pub(super) fn is_in_trouble(&self) {
        if let Some((host, port)) = &self.route.name {
            self.alarm.names.doubt(host, *port);
        }
        if self.eject() {
            let due = self.alarm.now() + millis(self.back_off.wait());
            self.look_at.store(due, Ordering::Relaxed);
            self.alarm.ring();
        }
    }

    /// A new connection for HTTP/1.1, with TLS where the app has it.
    ///
    /// # Errors
    /// When there is none within the limit.
    pub(super) async fn connect(&self) -> io::Result<Box<dyn AppSocket>> {
        let connected = async {
            let socket = match &self.route.place {
                Place::Unix(path) => return Ok(Box::new(UnixStream::connect(path).await?) as _),
                Place::Inet(address) => self.open_socket(*address).await?,
            };
            match &self.route.tls {
                Some(tls) => tls.secure(socket, &self.route.server_name).await,
                None => Ok(Box::new(socket) as Box<dyn AppSocket>),
            }
        };
        let connected = tokio::time::timeout(self.route.connect_timeout, connected).await?;
        if connected.is_ok() {
            self.back_off.readmit();
        }
        connected
    }

    /// Connects without TLS, and tells when that takes long.
    ///
    /// # Errors
    /// When the app does not accept the connection.
    pub(super) async fn open_socket(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut connecting = std::pin::pin!(TcpStream::connect(address));
        let socket = if let Ok(connected) = tokio::time::timeout(SLOW, &mut connecting).await {
            connected?
        } else {
            self.is_in_trouble();
            connecting.await?
        };
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

fn prepared(route: &TargetRoute, options: &PoolOptions) -> Option<HttpPeer> {
    // Over HTTP/1.1, TLS is ours; Pingora sees what is in it.
    let own = route.tls.as_ref().filter(|_| route.protocol.is_http2());
    let (is_tls, name) = match own {
        // Pingora verifies no certificate where there is no name to verify.
        Some(_) if route.server_name.is_empty() => return None,
        Some(_) => (true, route.server_name.clone()),
        None => (false, String::new()),
    };
    let mut peer = match &route.place {
        Place::Inet(address) => HttpPeer::new(*address, is_tls, name),
        Place::Unix(path) => HttpPeer::new_uds(path.to_str()?, is_tls, name).ok()?,
    };
    if let Some(tls) = own {
        // Pingora's pool does not tell apart by authorities.
        peer.group_key = tls.id;
        peer.client_cert_key.clone_from(&tls.client);
        peer.options.ca.clone_from(&tls.ca);
    }
    let set = &mut peer.options;
    set.connection_timeout = Some(options.connect_timeout);
    set.total_connection_timeout = Some(options.connect_timeout);
    set.write_timeout = Some(WRITE_TIMEOUT);
    set.idle_timeout = Some(options.idle_timeout);
    if route.protocol.is_http2() {
        set.set_http_version(2, 2);
        set.max_h2_streams = STREAMS;
        set.h2_stream_window_size = Some(STREAM_WINDOW);
        set.h2_connection_window_size = Some(CONNECTION_WINDOW);
        set.h2_ping_interval = Some(PING_INTERVAL);
    }
    Some(peer)
}

/// An address that was chosen for a request, which counts as open until this is dropped.
#[derive(Debug)]
pub(in crate::proxy) struct Chosen(pub(super) Arc<Target>);

impl Chosen {
    pub(super) fn new(target: Arc<Target>) -> Self {
        target.open.fetch_add(1, Ordering::Relaxed);
        Self(target)
    }

    pub(in crate::proxy) fn is_http2(&self) -> bool {
        self.0.route.protocol.is_http2()
    }

    /// The address as the log has it.
    pub(in crate::proxy) fn address(&self) -> &str {
        &self.0.shown
    }

    /// Whether it is not left out, so that an answer says that it works.
    pub(in crate::proxy) fn is_available(&self) -> bool {
        self.0.is_available()
    }

    /// A connection to it failed.
    pub(in crate::proxy) fn is_in_trouble(&self) {
        self.0.is_in_trouble();
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
