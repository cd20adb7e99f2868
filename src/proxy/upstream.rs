mod affinity;
mod alarm;
mod app_socket;
mod app_stream;
mod back_off;
#[cfg(test)]
mod balance_tests;
mod dedicated_connection;
mod failing;
mod http2_connection;
mod names;
mod pool;
mod probe;
mod target;
#[cfg(test)]
mod tests;
mod tls_client;
#[cfg(test)]
mod tls_tests;
mod watch;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora::upstreams::peer::HttpPeer;

pub(super) use self::affinity::hash;
use self::alarm::Alarm;
use self::app_socket::IdleSockets;
pub(super) use self::app_socket::MAX_IDLE;
use self::app_stream::AppConnector;
pub(super) use self::app_stream::AppTimeouts;
pub(super) use self::dedicated_connection::DedicatedConnection;
use self::dedicated_connection::DedicatedConnector;
use self::failing::Failing;
use self::http2_connection::Http2Connector;
use self::names::UpstreamNames;
pub use self::names::{NameLookup, SystemLookup};
use self::pool::{UpstreamPool, Wish};
pub(super) use self::target::Chosen;
use self::tls_client::TlsClient;
pub use self::tls_client::{UpstreamTlsError, UpstreamTlsPart, check_upstream_tls};
use super::pipe::Pipe;
use crate::events::EventSink;
use crate::gate::{Balance, Site, Upstream};

/// The upstreams of all sites: where they are, which of them work, and connections that wait for
/// another request. Outlives configurations.
pub struct Upstreams {
    pools: ArcSwap<Vec<Arc<UpstreamPool>>>,
    alarm: Arc<Alarm>,
    demo: Option<SocketAddr>,
    idle: IdleSockets,
    failing: Failing,
    /// Connections that no other request may use.
    dedicated: AtomicU64,
    tls_clients: AtomicU64,
}

/// The upstreams of a configuration, by index in [`crate::gate::SiteMap::sites`].
pub struct UpstreamPools(Arc<Vec<Arc<UpstreamPool>>>);

impl Upstreams {
    /// `demo`: where the built-in app listens.
    pub fn new(demo: Option<SocketAddr>, lookup: Arc<dyn NameLookup>) -> Self {
        Self {
            pools: ArcSwap::default(),
            alarm: Arc::new(Alarm::new(Arc::new(UpstreamNames::new(lookup)))),
            demo,
            idle: IdleSockets::default(),
            failing: Failing::default(),
            dedicated: AtomicU64::new(0),
            tls_clients: AtomicU64::new(0),
        }
    }

    /// Serves `sites` from now on. What did not change keeps its state.
    ///
    /// # Errors
    /// When certificates or keys for TLS to an app cannot be used.
    pub fn adopt(&self, sites: &[Site]) -> Result<UpstreamPools, UpstreamTlsError> {
        let former = self.pools.load_full();
        let named = |site: &Site| former.iter().find(|pool| pool.site == site.name);
        let pool = |site: &Site| match named(site).filter(|pool| pool.is_of(site)) {
            Some(same) => Ok(Arc::clone(same)),
            None => self.pool(site).map(Arc::new),
        };
        let pools = Arc::new(sites.iter().map(pool).collect::<Result<Vec<_>, _>>()?);
        self.alarm.names.want(names(sites));
        let known = self.alarm.names.known();
        for (site, pool) in sites.iter().zip(pools.iter()) {
            let former = named(site).filter(|former| !Arc::ptr_eq(former, pool));
            pool.refresh(&known, self.demo, former.map(AsRef::as_ref));
        }
        self.pools.store(Arc::clone(&pools));
        self.forget_failing();
        self.alarm.ring();
        Ok(UpstreamPools(pools))
    }

    /// Of addresses that no app has any more.
    fn forget_failing(&self) {
        let pools = self.pools.load_full();
        let has = |pool: &UpstreamPool, address: &str| {
            pool.targets().iter().any(|target| target.shown == address)
        };
        let is_known = |site: &str, address: &str| {
            pools.iter().any(|pool| pool.site == site && has(pool, address))
        };
        self.failing.keep(is_known);
    }

    fn pool(&self, site: &Site) -> Result<UpstreamPool, UpstreamTlsError> {
        let needs_tls = site.upstreams.iter().any(|upstream| upstream.protocol().is_tls());
        let tls = || TlsClient::new(&site.upstream_options.pool.tls, &self.tls_clients);
        let tls = needs_tls.then(tls).transpose()?;
        Ok(UpstreamPool::new(site, tls.map(Arc::new), &self.alarm))
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

    /// Of each site and upstream as configured, whether it is in use.
    pub fn states(&self) -> Vec<(String, String, bool)> {
        let pools = self.pools.load_full();
        let mut states = Vec::new();
        for pool in pools.iter() {
            let of = pool.states();
            states.extend(of.map(|(upstream, is_up)| (pool.site.clone(), upstream, is_up)));
        }
        states
    }

    /// A request over a connection that may have served others. `is_retry`: over a new one.
    pub(super) fn shared_peer(
        &self,
        chosen: &Chosen,
        pipe: Arc<Pipe>,
        timeouts: AppTimeouts,
        is_retry: bool,
    ) -> HttpPeer {
        let (target, idle) = (Arc::clone(&chosen.0), self.idle.clone());
        let mut peer = target.peer();
        let connector = AppConnector { target, idle, pipe, timeouts, fresh: is_retry };
        peer.options.custom_l4 = Some(Arc::new(connector));
        peer
    }

    /// A request over a connection of its own.
    pub(super) fn dedicated_peer(
        &self,
        chosen: &Chosen,
        connection: DedicatedConnection,
    ) -> HttpPeer {
        let target = Arc::clone(&chosen.0);
        let mut peer = target.peer();
        // Shared with no other request: a key of its own, and gone as soon as it is given back.
        peer.group_key = 1 + self.dedicated.fetch_add(1, Ordering::Relaxed);
        peer.options.idle_timeout = Some(Duration::ZERO);
        peer.options.custom_l4 = Some(Arc::new(DedicatedConnector { target, connection }));
        peer
    }

    /// A request on a connection with others, over HTTP/2. Pingora keeps those connections.
    pub(super) fn http2_peer(chosen: &Chosen, silence: Duration) -> HttpPeer {
        let target = Arc::clone(&chosen.0);
        let mut peer = target.peer();
        peer.options.read_timeout = Some(silence);
        peer.options.custom_l4 = Some(Arc::new(Http2Connector(target)));
        peer
    }

    /// Resolves names, looks at apps that do not answer, runs health checks, and closes connections
    /// that nobody used for a while; never returns.
    pub async fn run(&self, events: Arc<dyn EventSink>) {
        let found = || {
            let known = self.alarm.names.known();
            self.pools.load().iter().for_each(|pool| pool.refresh(&known, self.demo, None));
            self.forget_failing();
        };
        tokio::join!(self.alarm.names.run(found), self.idle.sweep(), self.watch(&*events));
    }
}

impl UpstreamPools {
    /// The upstream for a request to a site; `None` when none of its names is resolved. `affinity`:
    /// what requests have in common that go to one upstream, where the site wants that. `failed`: the
    /// one that just failed.
    pub(super) fn choose(
        &self,
        site: usize,
        affinity: impl FnOnce() -> u64,
        failed: Option<&Chosen>,
    ) -> Option<Chosen> {
        let pool = self.0.get(site)?;
        let by_session = pool.options.balance == Balance::Session;
        let affinity = if by_session { affinity() } else { 0 };
        pool.choose(Wish { affinity, failed })
    }

    /// Whether a site has an address other than the one that was tried, if any was.
    pub(super) fn has_alternatives(&self, site: usize, tried: Option<&Chosen>) -> bool {
        self.0.get(site).is_some_and(|pool| pool.has_alternatives(tried))
    }
}

fn names(sites: &[Site]) -> HashSet<(String, u16)> {
    let upstreams = sites.iter().flat_map(|site| &site.upstreams);
    let name = |upstream: &Upstream| match upstream {
        Upstream::Name(host, port, _) => Some((host.clone(), *port)),
        Upstream::Address(..) | Upstream::Unix(_) | Upstream::Demo => None,
    };
    upstreams.filter_map(name).collect()
}

/// The cause of a failure, without anything of the request.
pub(super) fn cause(error: &pingora::Error) -> String {
    let kind = error.etype().as_str();
    match error.root_cause().downcast_ref::<std::io::Error>() {
        Some(why) => format!("{kind}: {why}"),
        None => kind.to_owned(),
    }
}
