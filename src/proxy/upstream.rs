use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora::upstreams::peer::HttpPeer;
use tracing::warn;

use crate::gate::{Site, Upstream};

const CONNECT: Duration = Duration::from_secs(5);
/// Between two reads or writes, not for a whole answer: long downloads and event streams live.
const READ_OR_WRITE: Duration = Duration::from_mins(1);
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

    /// The next upstream of a site, in turn; `None` when no name of it is resolved.
    pub(super) fn peer(&self, site: &Site) -> Option<HttpPeer> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let names = self.names.load();
        let count = site.upstreams.len();
        let upstreams = (0..count).map(|step| &site.upstreams[(turn + step) % count]);
        let address = upstreams.filter_map(|upstream| match upstream {
            Upstream::Address(address) => Some(*address),
            Upstream::Demo => self.demo,
            Upstream::Name(host, port) => {
                let known = names.get(&(host.clone(), *port)).filter(|known| !known.is_empty())?;
                Some(known[turn % known.len()])
            }
        });
        address.into_iter().next().map(peer)
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
        Upstream::Address(_) | Upstream::Demo => None,
    };
    upstreams.filter_map(name).collect()
}

fn peer(address: SocketAddr) -> HttpPeer {
    let mut peer = HttpPeer::new(address, false, String::new());
    peer.options.connection_timeout = Some(CONNECT);
    peer.options.total_connection_timeout = Some(CONNECT);
    peer.options.read_timeout = Some(READ_OR_WRITE);
    peer.options.write_timeout = Some(READ_OR_WRITE);
    peer.options.idle_timeout = Some(KEPT_IDLE);
    peer
}
