mod own_line;
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

pub(super) use self::own_line::OwnLine;
use crate::gate::{Site, Upstream};

const CONNECT: Duration = Duration::from_secs(5);
/// For one write, not for a whole upload.
const WRITE: Duration = Duration::from_mins(1);
const KEPT_IDLE: Duration = Duration::from_mins(1);
const RESOLVED_ANEW: Duration = Duration::from_secs(30);
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// Knows the addresses of upstream names. Asks the DNS in the background only: a request never
/// waits for it, and Pingora is never given a name.
pub struct Resolver {
    names: ArcSwap<HashMap<(String, u16), Vec<SocketAddr>>>,
    demo: Option<SocketAddr>,
    turn: AtomicUsize,
}

impl Resolver {
    /// `demo` is where the built-in app listens.
    pub fn new(demo: Option<SocketAddr>) -> Self {
        Self { names: ArcSwap::default(), demo, turn: AtomicUsize::new(0) }
    }

    /// Whether another address than the one that could not be reached may be tried.
    pub(super) fn has_others(&self, site: &Site) -> bool {
        let names = self.names.load();
        let addresses = |upstream: &Upstream| match upstream {
            Upstream::Name(host, port) => {
                names.get(&(host.clone(), *port)).map_or(0, std::vec::Vec::len)
            }
            Upstream::Address(_) | Upstream::Unix(_) | Upstream::Demo => 1,
        };
        site.upstreams.iter().map(addresses).sum::<usize>() > 1
    }

    /// The next upstream of a site, in turn; `None` when no name of it is resolved.
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
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT);
        options.write_timeout = Some(WRITE);
        options.idle_timeout = Some(KEPT_IDLE);
        Some(peer)
    }

    /// The same for one request alone, whose connection `line` makes.
    pub(super) fn own_peer(&self, site: &Site, line: OwnLine) -> Option<HttpPeer> {
        let mut peer = self.peer(site)?;
        // Shared with no other request: a key of its own, and gone as soon as it is given back.
        peer.group_key = 1 + self.turn.fetch_add(1, Ordering::Relaxed) as u64;
        peer.options.idle_timeout = Some(Duration::ZERO);
        peer.options.custom_l4 = Some(Arc::new(line));
        Some(peer)
    }

    /// Keeps the addresses of every name of `sites()` fresh; never returns.
    pub async fn run(&self, sites: impl Fn() -> Vec<Site> + Send) {
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
                        warn!(host, %error, "an upstream's name was not resolved");
                    }
                }
            }
            self.names.store(known.into());
            tokio::time::sleep(if missing { ASKED_AGAIN } else { RESOLVED_ANEW }).await;
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

/// Only fails for a path that no socket can have; configuration refuses those.
fn unix(path: &Path) -> Option<HttpPeer> {
    HttpPeer::new_uds(path.to_str()?, false, String::new()).ok()
}
