mod app_socket;
mod app_stream;
mod dedicated_connection;
mod failing;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora::upstreams::peer::HttpPeer;
use tracing::warn;

pub(super) use self::app_socket::MAX_IDLE;
use self::app_socket::{IDLE_TIMEOUT, IdleSockets};
use self::app_stream::AppConnector;
pub(super) use self::dedicated_connection::DedicatedConnection;
use self::failing::Failing;
use super::pipe::Pipe;
use crate::gate::{Site, Upstream};

/// Limit for connecting to an app.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit for one write, not for a whole upload.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
const RESOLVE_INTERVAL: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Addresses of upstream names, and which of them do not answer. Queries DNS in the background only:
/// requests never wait for it, and Pingora never gets a name, which it would resolve blocking.
pub struct Resolver {
    names: ArcSwap<HashMap<(String, u16), Vec<SocketAddr>>>,
    demo: Option<SocketAddr>,
    turn: AtomicUsize,
    idle: IdleSockets,
    failing: Failing,
}

impl Resolver {
    /// `demo`: where the built-in app listens.
    pub fn new(demo: Option<SocketAddr>) -> Self {
        Self {
            names: ArcSwap::default(),
            demo,
            turn: AtomicUsize::new(0),
            idle: IdleSockets::default(),
            failing: Failing::default(),
        }
    }

    /// Whether any app failed to answer its last request.
    pub(super) fn has_failing(&self) -> bool {
        self.failing.any()
    }

    /// Remembers that the app of a site at an address failed. Returns whether that is new.
    pub(super) fn is_failing(&self, site: &Site, address: &str) -> bool {
        self.failing.add(&site.name, address)
    }

    /// Remembers that it answered. Returns whether it had failed.
    pub(super) fn is_answering(&self, site: &Site, address: &str) -> bool {
        self.failing.remove(&site.name, address)
    }

    /// Whether a site has more than one address to try.
    pub(super) fn has_alternatives(&self, site: &Site) -> bool {
        let names = self.names.load();
        let addresses = |upstream: &Upstream| match upstream {
            Upstream::Name(host, port) => {
                names.get(&(host.clone(), *port)).map_or(0, std::vec::Vec::len)
            }
            Upstream::Address(_) | Upstream::Unix(_) | Upstream::Demo => 1,
        };
        site.upstreams.iter().map(addresses).sum::<usize>() > 1
    }

    /// The next upstream of a site, round robin; `None` when none of its names is resolved.
    pub(super) fn peer(&self, site: &Site) -> Option<HttpPeer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let names = self.names.load();
        let count = site.upstreams.len();
        let upstreams = (0..count).map(|step| &site.upstreams[(turn + step) % count]);
        let mut peers = upstreams.filter_map(|upstream| match upstream {
            Upstream::Address(address) => Some(inet(*address)),
            Upstream::Demo => self.demo.map(inet),
            Upstream::Unix(path) => unix(path),
            Upstream::Name(host, port) => {
                let known = names.get(&(host.clone(), *port)).filter(|known| !known.is_empty())?;
                Some(inet(known[turn % known.len()]))
            }
        });
        let mut peer = peers.next()?;
        let options = &mut peer.options;
        options.connection_timeout = Some(CONNECT_TIMEOUT);
        options.total_connection_timeout = Some(CONNECT_TIMEOUT);
        options.write_timeout = Some(WRITE_TIMEOUT);
        options.idle_timeout = Some(IDLE_TIMEOUT);
        Some(peer)
    }

    /// The next upstream, over a connection that may have served other requests. `timeout`: how long
    /// the app may send nothing. `is_retry`: over a new one.
    pub(super) fn shared_peer(
        &self,
        site: &Site,
        pipe: Arc<Pipe>,
        timeout: Option<Duration>,
        is_retry: bool,
    ) -> Option<HttpPeer> {
        let mut peer = self.peer(site)?;
        let idle = self.idle.clone();
        let connector = AppConnector { idle, pipe, timeout, fresh: is_retry };
        peer.options.custom_l4 = Some(Arc::new(connector));
        Some(peer)
    }

    /// The next upstream, over a connection for one request only.
    pub(super) fn dedicated_peer(
        &self,
        site: &Site,
        connection: DedicatedConnection,
    ) -> Option<HttpPeer> {
        let mut peer = self.peer(site)?;
        // Shared with no other request: a key of its own, and gone as soon as it is given back.
        peer.group_key = 1 + self.turn.fetch_add(1, Ordering::Relaxed) as u64;
        peer.options.idle_timeout = Some(Duration::ZERO);
        peer.options.custom_l4 = Some(Arc::new(connection));
        Some(peer)
    }

    /// Resolves the names of `sites()` again and again, and closes connections that nobody used for a
    /// while; never returns. On error the known addresses stay in use.
    pub async fn run(&self, sites: impl Fn() -> Vec<Site> + Send) {
        tokio::join!(self.resolve(sites), self.idle.sweep());
    }

    async fn resolve(&self, sites: impl Fn() -> Vec<Site> + Send) {
        loop {
            let mut known = HashMap::clone(&self.names.load());
            let mut missing = false;
            for (host, port) in names(&sites()) {
                let found = tokio::net::lookup_host((host.as_str(), port)).await;
                match found.map(Iterator::collect) {
                    Ok(found) => {
                        known.insert((host, port), found);
                    }
                    Err(error) => {
                        missing |= !known.contains_key(&(host.clone(), port));
                        warn!(host, %error, "failed to resolve an upstream name");
                    }
                }
            }
            self.names.store(known.into());
            tokio::time::sleep(if missing { RETRY_INTERVAL } else { RESOLVE_INTERVAL }).await;
        }
    }
}

fn names(sites: &[Site]) -> Vec<(String, u16)> {
    let upstreams = sites.iter().flat_map(|site| &site.upstreams);
    let name = |upstream: &Upstream| match upstream {
        Upstream::Name(host, port) => Some((host.clone(), *port)),
        Upstream::Address(_) | Upstream::Unix(_) | Upstream::Demo => None,
    };
    upstreams.filter_map(name).collect()
}

fn inet(address: SocketAddr) -> HttpPeer {
    HttpPeer::new(address, false, String::new())
}

/// `None` only for a path that no socket can have, which the configuration refuses.
fn unix(path: &Path) -> Option<HttpPeer> {
    HttpPeer::new_uds(path.to_str()?, false, String::new()).ok()
}
