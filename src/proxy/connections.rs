//! Limits of open connections, in total and for each client address.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use tracing::warn;

use super::settings::ConnectionLimits;
use super::tls::Tls;
use crate::domain::Peer;
use crate::gate;

/// Counts open connections.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    /// By client address. Locked when a connection begins and ends, never for a request.
    by_address: Mutex<HashMap<IpAddr, usize>>,
    refused: AtomicU64,
}

impl Connections {
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Acquire)
    }

    /// Connections that were closed at once because too many were open.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Counts a connection until the returned value is dropped; `None`: a limit is reached.
    pub(super) fn acquire(
        &self,
        from: Option<IpAddr>,
        guard: &ListenerGuard,
    ) -> Option<ConnectionSlot> {
        let slot = ConnectionSlot { connections: self.clone(), from: None };
        let before = self.0.open.fetch_add(1, Ordering::AcqRel);
        if before >= guard.limits.total {
            return self.refuse("server.connections");
        }
        self.attribute(slot, from, guard)
    }

    /// Counts an open connection for an address too; `None`: it has too many.
    pub(super) fn attribute(
        &self,
        mut slot: ConnectionSlot,
        from: Option<IpAddr>,
        guard: &ListenerGuard,
    ) -> Option<ConnectionSlot> {
        match from.filter(|from| !(guard.is_trusted)(*from)).map(limit_key) {
            Some(from) if !self.acquire_from(from, guard.limits.per_address) => {
                self.refuse("server.connections_per_address")
            }
            from => {
                slot.from = from;
                Some(slot)
            }
        }
    }

    fn acquire_from(&self, from: IpAddr, most: usize) -> bool {
        let mut all = self.0.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(from).or_default();
        let fits = *open < most;
        *open += usize::from(fits);
        fits
    }

    /// Logs the 1st, 2nd, 4th, 8th, … refusal, so that a flood does not fill the log.
    fn refuse(&self, limit: &'static str) -> Option<ConnectionSlot> {
        let refused = self.0.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if refused.is_power_of_two() {
            warn!(limit, refused, "connection limit reached: connections refused");
        }
        None
    }

    fn release_from(&self, from: IpAddr) {
        let mut all = self.0.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut open) = all.entry(from) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

/// What a listener accepts.
#[derive(Clone)]
pub(super) struct ListenerGuard {
    pub(super) limits: ConnectionLimits,
    /// Whether an address is of `trusted_proxies` now, which have no limit of their own: they carry the
    /// connections of many clients.
    pub(super) is_trusted: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Balancers whose connections begin with a header of the PROXY protocol.
    pub(super) balancers: Vec<IpNet>,
    /// `None`: plain http.
    pub(super) tls: Option<Tls>,
}

impl ListenerGuard {
    /// Whether a connection of this peer has to begin with a header of the PROXY protocol.
    pub(super) fn expects_header(&self, peer: Option<Peer>) -> bool {
        let listed = |from: IpAddr| gate::is_trusted_proxy(from, &self.balancers);
        peer.and_then(Peer::address).is_some_and(listed)
    }
}

/// What one customer of an internet provider has: an IPv4 address or an IPv6 /64 (RFC 6177).
pub(super) fn limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    connections: Connections,
    from: Option<IpAddr>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connections.0.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(from) = self.from {
            self.connections.release_from(from);
        }
    }
}
