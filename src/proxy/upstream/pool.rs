//! The upstreams of one site: their addresses, and which of them gets a request.
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

use super::affinity::score;
use super::alarm::Alarm;
use super::names::Addresses;
use super::target::{Chosen, Place, Target, TargetRoute};
use super::tls_client::TlsClient;
use crate::gate::{Balance, PoolOptions, Site, Upstream};

/// The upstreams of a site. Choosing one allocates nothing and takes no lock.
#[derive(Debug)]
pub(super) struct UpstreamPool {
    pub(super) site: String,
    pub(super) upstreams: Vec<Upstream>,
    pub(super) options: PoolOptions,
    /// The `Host` of health checks.
    pub(super) host: String,
    alarm: Arc<Alarm>,
    tls: Option<Arc<TlsClient>>,
    /// Every address of every upstream.
    targets: ArcSwap<Vec<Arc<Target>>>,
    turn: AtomicUsize,
}

/// What a request is chosen an address by.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    /// Of the session, or else of the client's network.
    pub(super) affinity: u64,
    /// The address that just failed: another one, if there is one. A retry takes no turn.
    pub(super) failed: Option<&'a Chosen>,
}

impl UpstreamPool {
    pub(super) fn new(site: &Site, tls: Option<Arc<TlsClient>>, alarm: &Arc<Alarm>) -> Self {
        Self {
            host: host(site),
            alarm: Arc::clone(alarm),
            site: site.name.clone(),
            upstreams: site.upstreams.clone(),
            options: site.upstream_options.pool.clone(),
            tls,
            targets: ArcSwap::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Whether it is that of an unchanged site.
    pub(super) fn is_of(&self, site: &Site) -> bool {
        self.site == site.name
            && self.upstreams == site.upstreams
            && self.options == site.upstream_options.pool
            && self.host == host(site)
    }

    pub(super) fn targets(&self) -> Arc<Vec<Arc<Target>>> {
        self.targets.load_full()
    }

    /// Whether there is another address to try. A name may have got one since.
    pub(super) fn has_alternatives(&self, tried: Option<&Chosen>) -> bool {
        let is_tried = |target| tried.is_some_and(|tried| Arc::ptr_eq(&tried.0, target));
        self.targets.load().iter().any(|target| !is_tried(target))
    }

    /// Takes over what `names` says now. Addresses that were known keep their state, here or in
    /// `former`, a pool of the same site before its configuration changed.
    pub(super) fn refresh(
        &self,
        names: &Addresses,
        demo: Option<SocketAddr>,
        former: Option<&Self>,
    ) {
        let known = self.targets.load();
        let before = former.map(|former| former.targets.load());
        let before = before.as_deref().map(|all| all.as_slice()).unwrap_or_default();
        let mut targets = Vec::new();
        for (index, upstream) in self.upstreams.iter().enumerate() {
            for place in places(upstream, names, demo) {
                let route = self.route(upstream, place);
                let is_same = |target: &&Arc<Target>| {
                    target.upstream == index && target.route.place == route.place
                };
                if let Some(target) = known.iter().find(is_same) {
                    targets.push(Arc::clone(target));
                } else if let Some(target) = Target::new(route, index, &self.options, &self.alarm) {
                    let old = before.iter().find(|old| old.is_reached_as(&target));
                    let target = target.with_state_of(old.map(AsRef::as_ref));
                    targets.push(Arc::new(target));
                }
            }
        }
        self.targets.store(Arc::new(targets));
    }

    fn route(&self, upstream: &Upstream, place: Place) -> TargetRoute {
        let named = || match (upstream, &place) {
            (Upstream::Name(host, ..), _) => host.clone(),
            (_, Place::Inet(address)) => address.ip().to_string(),
            (_, Place::Unix(_)) => String::new(),
        };
        let is_tls = upstream.protocol().is_tls();
        let server_name = self.options.tls.server_name.clone().unwrap_or_else(named);
        TargetRoute {
            name: match upstream {
                Upstream::Name(host, port, _) => Some((host.clone(), *port)),
                _ => None,
            },
            server_name: if is_tls { server_name } else { String::new() },
            place,
            protocol: upstream.protocol(),
            tls: self.tls.clone().filter(|_| is_tls),
            connect_timeout: self.options.connect_timeout,
            idle_timeout: self.options.idle_timeout,
        }
    }

    /// The address for a request; `None` when no name is resolved.
    pub(super) fn choose(&self, wish: Wish<'_>) -> Option<Chosen> {
        let targets = self.targets.load();
        let chosen = match targets.as_slice() {
            [] => return None,
            [only] => only,
            all => self.one_of(all, wish),
        };
        Some(Chosen::new(Arc::clone(chosen)))
    }

    fn one_of<'t>(&self, all: &'t [Arc<Target>], wish: Wish<'_>) -> &'t Arc<Target> {
        let failed = wish.failed.map(|failed| &failed.0);
        let is_failed = |target: &Arc<Target>| failed.is_some_and(|f| Arc::ptr_eq(f, target));
        let first = match failed {
            Some(_) => all.iter().position(is_failed).map_or(0, |at| at + 1) % all.len(),
            None => self.next_turn(all),
        };
        let in_turn = || all[first..].iter().chain(&all[..first]);
        let mut available = in_turn().filter(|t| t.is_available() && !is_failed(t));
        let best = match self.options.balance {
            Balance::RoundRobin => available.next(),
            Balance::LeastConnections => available.min_by_key(|target| target.open()),
            Balance::Session => available.max_by_key(|t| score(wish.affinity, t.hash)),
        };
        // None is known to work. That is our guess, and possibly a wrong one: they are all tried.
        best.or_else(|| in_turn().find(|t| !is_failed(t))).unwrap_or(&all[first])
    }

    /// The index of the one whose turn it is. One that does not work has none: else the next would have
    /// two.
    fn next_turn(&self, all: &[Arc<Target>]) -> usize {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let available = all.iter().filter(|target| target.is_available()).count();
        if available == all.len() || available == 0 {
            return turn % all.len();
        }
        let mut indexes = (0..all.len()).filter(|index| all[*index].is_available());
        // Another thread may have found one that does not work meanwhile.
        indexes.nth(turn % available).unwrap_or(0)
    }

    /// Each upstream as configured, and whether one of its addresses is in use.
    pub(super) fn states(&self) -> impl Iterator<Item = (String, bool)> {
        let targets = self.targets.load_full();
        let is_up = move |index: usize| {
            targets.iter().any(|target| target.upstream == index && target.is_available())
        };
        let all = self.upstreams.iter().enumerate();
        all.map(move |(index, upstream)| (upstream.to_string(), is_up(index)))
    }
}

fn places(upstream: &Upstream, names: &Addresses, demo: Option<SocketAddr>) -> Vec<Place> {
    match upstream {
        Upstream::Address(address, _) => vec![Place::Inet(*address)],
        Upstream::Demo => demo.map(Place::Inet).into_iter().collect(),
        Upstream::Unix(path) => vec![Place::Unix(path.clone())],
        Upstream::Name(host, port, _) => {
            let known = names.get(&(host.clone(), *port)).map(Vec::as_slice).unwrap_or_default();
            known.iter().copied().map(Place::Inet).collect()
        }
    }
}

/// As an app's requests have it.
fn host(site: &Site) -> String {
    let sent = site.upstream_options.send_host.as_ref().and_then(|host| host.to_str().ok());
    sent.map_or_else(|| site.url.origin.authority(), str::to_owned)
}
