//! Limits of exchanges (requests that are not finished), in total and for each client address.
//! Counted apart from connections: over HTTP/2 one connection carries many, and each that goes to an
//! app takes a socket.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::warn;

use super::connections::limit_key;
use super::settings::ExchangeLimits;

pub(super) const TOTAL_KEY: &str = "server.exchanges";
pub(super) const ADDRESS_KEY: &str = "server.exchanges_per_address";

/// Parts of the table of addresses, each with a lock of its own, so that requests hardly ever wait
/// for each other.
const SHARDS: usize = 64;

type Shard = Mutex<HashMap<IpAddr, usize>>;

/// Counts exchanges.
#[derive(Clone, Debug)]
pub struct Exchanges(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    limits: ExchangeLimits,
    open: AtomicUsize,
    by_address: Vec<Shard>,
    hasher: std::hash::RandomState,
    refused: AtomicU64,
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangeLimit {
    Total,
    Address,
}

impl Exchanges {
    pub fn new(limits: ExchangeLimits) -> Self {
        let by_address = std::iter::repeat_with(Shard::default).take(SHARDS).collect();
        let hasher = std::hash::RandomState::new();
        let (open, refused) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self(Arc::new(Counts { limits, open, by_address, hasher, refused }))
    }

    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Acquire)
    }

    /// Requests that were refused because too many were open.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Counts an exchange until the returned value is dropped. `client`: `None` for a trusted proxy,
    /// which has no limit of its own.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(super) fn acquire(&self, client: Option<IpAddr>) -> Result<ExchangeSlot, ExchangeLimit> {
        let mut slot = ExchangeSlot { exchanges: self.clone(), client: None };
        let before = self.0.open.fetch_add(1, Ordering::AcqRel);
        if before >= self.0.limits.total {
            return Err(self.refuse(ExchangeLimit::Total));
        }
        if let Some(client) = client.map(limit_key) {
            let mut open = self.0.shard(client);
            let count = open.entry(client).or_default();
            if *count >= self.0.limits.per_address {
                drop(open);
                return Err(self.refuse(ExchangeLimit::Address));
            }
            *count += 1;
            slot.client = Some(client);
        }
        Ok(slot)
    }

    /// Logs the 1st, 2nd, 4th, 8th, … refusal, so that a flood does not fill the log.
    fn refuse(&self, limit: ExchangeLimit) -> ExchangeLimit {
        let refused = self.0.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if refused.is_power_of_two() {
            warn!(limit = limit.key(), refused, "exchange limit reached: requests refused");
        }
        limit
    }
}

impl Counts {
    fn shard(&self, client: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        let hash = self.hasher.hash_one(client);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        self.by_address[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeLimit {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Total => TOTAL_KEY,
            Self::Address => ADDRESS_KEY,
        }
    }
}

/// An exchange that is counted.
#[derive(Debug)]
pub(super) struct ExchangeSlot {
    exchanges: Exchanges,
    client: Option<IpAddr>,
}

impl Drop for ExchangeSlot {
    fn drop(&mut self) {
        let counts = &self.exchanges.0;
        counts.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(client) = self.client
            && let Entry::Occupied(mut open) = counts.shard(client).entry(client)
        {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ExchangeLimit, Exchanges};
    use crate::proxy::settings::ExchangeLimits;

    #[test]
    fn each_address_has_so_many_and_all_together_have_so_many() {
        let exchanges = Exchanges::new(ExchangeLimits { total: 3, per_address: 2 });
        let one = || exchanges.acquire("2001:db8::1".parse().ok());
        let held = [one().expect("room"), one().expect("room")];
        assert_eq!(one().err(), Some(ExchangeLimit::Address));
        // The same /64 network.
        let neighbour = exchanges.acquire("2001:db8::2".parse().ok());
        assert_eq!(neighbour.err(), Some(ExchangeLimit::Address));
        let other = exchanges.acquire("192.0.2.1".parse().ok()).expect("room");
        assert_eq!(exchanges.acquire(None).err(), Some(ExchangeLimit::Total));
        assert_eq!((exchanges.open(), exchanges.refused()), (3, 3));
        drop((held, other));
        assert_eq!(exchanges.open(), 0);
        assert!(
            one().is_ok()
                && exchanges.0.by_address.iter().all(|shard| shard.lock().unwrap().is_empty())
        );
    }
}
