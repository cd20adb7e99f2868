//! The upstreams of one site: their addresses, and which of them gets a request.
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;

use super::affinity::score;
use super::alarm::Alarm;
use super::names::Addresses;
use super::target::{Chosen, Place, Route, Target};
use super::tls_client::TlsClient;
use crate::gate::{Balance, PoolOptions, Site, Upstream};

/// The upstreams of a site. Choosing one allocates nothing and takes no lock.
#[derive(Debug)]
pub(super) struct Pool {
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

impl Pool {
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

    /// Whether there is another address to try.
    pub(super) fn has_alternatives(&self) -> bool {
        self.targets.load().len() > 1
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
                    let is_checked = self.options.health.is_some();
                    let target = target.with_state_of(old.map(AsRef::as_ref), is_checked);
                    targets.push(Arc::new(target));
                }
            }
        }
        self.targets.store(Arc::new(targets));
    }

    fn route(&self, upstream: &Upstream, place: Place) -> Route {
        let named = || match (upstream, &place) {
            (Upstream::Name(host, ..), _) => host.clone(),
            (_, Place::Inet(address)) => address.ip().to_string(),
            (_, Place::Unix(_)) => String::new(),
        };
        let is_tls = upstream.protocol().is_tls();
        let server_name = self.options.tls.server_name.clone().unwrap_or_else(named);
        Route {
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
        let turn = match failed {
            Some(_) => all.iter().position(is_failed).map_or(0, |at| at + 1),
            None => self.turn.fetch_add(1, Ordering::Relaxed),
        };
        // From the one whose turn it is, each once.
        let first = turn % all.len();
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::{Chosen, Pool, Wish};
    use crate::gate::Balance;
    use crate::proxy::upstream::affinity::hash;
    use crate::proxy::upstream::tests::pool;

    const NOBODY: Wish<'_> = Wish { affinity: 0, failed: None };

    fn where_to(pool: &Pool, wish: Wish<'_>) -> String {
        pool.choose(wish).expect("an address").0.route.place.to_string()
    }

    fn eject(pool: &Pool, index: usize) {
        assert!(pool.targets()[index].back_off.eject());
    }

    fn spread(pool: &Pool, count: u64) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for n in 0..count {
            let affinity = hash(&n.to_be_bytes());
            *found.entry(where_to(pool, Wish { affinity, failed: None })).or_default() += 1;
        }
        found
    }

    #[test]
    fn each_has_its_turn_and_a_retry_takes_none() {
        let pool = pool(Balance::RoundRobin, 3);
        let mut failed: Option<Chosen> = None;
        let mut first = Vec::new();
        for _ in 0..6 {
            let chosen = pool.choose(NOBODY).expect("an address");
            let retried = Wish { affinity: 0, failed: Some(&chosen) };
            let other = pool.choose(retried).expect("another");
            assert!(!Arc::ptr_eq(&chosen.0, &other.0));
            first.push(chosen.0.route.place.to_string());
            failed = Some(chosen);
        }
        drop(failed);
        assert_eq!(first[..3], first[3..]);
        assert_eq!(spread(&pool, 300).into_values().collect::<Vec<_>>(), [100, 100, 100]);
    }

    #[test]
    fn one_that_does_not_work_is_left_out_and_all_are_tried_when_none_does() {
        for balance in [Balance::RoundRobin, Balance::LeastConnections, Balance::Session] {
            let pool = pool(balance, 3);
            eject(&pool, 1);
            assert_eq!(spread(&pool, 90).len(), 2, "{balance:?}");
            assert!(!pool.targets()[2].checked(false) && pool.targets()[2].checked(false));
            assert_eq!(spread(&pool, 90).len(), 1, "{balance:?}");
            eject(&pool, 0);
            assert_eq!(spread(&pool, 90).len(), 3, "{balance:?}");
            assert!(pool.targets()[1].back_off.readmit());
            assert_eq!(spread(&pool, 90).len(), 1, "{balance:?}");
        }
    }

    #[test]
    fn the_one_with_the_fewest_connections_is_chosen() {
        let pool = pool(Balance::LeastConnections, 2);
        let held: Vec<Chosen> = (0..10).filter_map(|_| pool.choose(NOBODY)).collect();
        let open = || pool.targets().iter().map(|target| target.open()).collect::<Vec<_>>();
        assert_eq!(open(), [5, 5]);
        let (kept, ended): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|held| Arc::ptr_eq(&held.0, &pool.targets()[0]));
        drop(ended);
        assert_eq!(open(), [5, 0]);
        for _ in 0..5 {
            std::mem::forget(pool.choose(NOBODY));
        }
        assert_eq!(open(), [5, 5]);
        drop(kept);
        assert_eq!(open(), [0, 5]);
    }

    #[test]
    fn only_the_sessions_of_one_that_fails_move_and_they_come_back() {
        let pool = pool(Balance::Session, 3);
        let session = |n: u64| Wish { affinity: hash(&n.to_be_bytes()), failed: None };
        let all = || (0..3000).map(|n| where_to(&pool, session(n))).collect::<Vec<_>>();
        let before = all();
        assert_eq!(before, all(), "of one session, every time");
        for count in spread(&pool, 3000).into_values() {
            assert!((800..1200).contains(&count), "{count}");
        }
        let gone = pool.targets()[0].route.place.to_string();
        eject(&pool, 0);
        for (before, after) in before.iter().zip(all()) {
            assert!((*before == gone) != (*before == after), "{before} {after}");
        }
        assert!(pool.targets()[0].back_off.readmit());
        assert_eq!(before, all());
    }
}
