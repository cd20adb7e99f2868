//! How many connections are open, in all and from each address, and which are too many.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use tracing::warn;

use super::settings::ConnectionLimits;
use super::tls::Tls;

/// Counts open connections.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    /// Of each address that has some. Taken when a connection begins and ends, never for a
    /// request.
    by_address: Mutex<HashMap<IpAddr, usize>>,
    refused: AtomicU64,
}

impl Connections {
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Acquire)
    }

    /// How many were closed at once because there were too many.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Counts one more for as long as the answer is held; `None`: it is one too many.
    pub(super) fn enter(&self, from: Option<IpAddr>, door: &Door) -> Option<Counted> {
        let mut counted = Counted { connections: self.clone(), from: None };
        let before = self.0.open.fetch_add(1, Ordering::AcqRel);
        if before >= door.limits.in_all {
            return self.refuse("server.connections");
        }
        match from.filter(|from| !door.is_trusted(*from)).map(shared_by) {
            Some(from) if !self.enter_from(from, door.limits.per_address) => {
                self.refuse("server.connections_per_address")
            }
            from => {
                counted.from = from;
                Some(counted)
            }
        }
    }

    fn enter_from(&self, from: IpAddr, most: usize) -> bool {
        let mut all = self.0.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(from).or_default();
        let fits = *open < most;
        *open += usize::from(fits);
        fits
    }

    /// Says so at the 1st, 2nd, 4th, 8th, …: a flood must not fill the log as well.
    fn refuse(&self, limit: &'static str) -> Option<Counted> {
        let refused = self.0.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if refused.is_power_of_two() {
            warn!(limit, refused, "connections were refused: too many are open");
        }
        None
    }

    fn leave_from(&self, from: IpAddr) {
        let mut all = self.0.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut open) = all.entry(from) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

/// Who is let in.
#[derive(Clone, Debug)]
pub(super) struct Door {
    pub(super) limits: ConnectionLimits,
    /// Proxies, which bring everybody's connections from one address.
    pub(super) trusted: Vec<IpNet>,
    /// `None` where connections are plain.
    pub(super) tls: Option<Tls>,
}

impl Door {
    fn is_trusted(&self, from: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&from.to_canonical()))
    }
}

/// What one customer of a provider has: an address, or with IPv6 a network (RFC 6177).
fn shared_by(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Counted {
    connections: Connections,
    from: Option<IpAddr>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.connections.0.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(from) = self.from {
            self.connections.leave_from(from);
        }
    }
}
