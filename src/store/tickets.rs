use std::time::Duration;

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::StoreError;
use crate::domain::{Origin, ReturnTo, SessionId};
use crate::system::Timestamp;

/// What a site gets to know when it hands in a ticket: who to let in there, and where to.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The one origin that may hand it in.
    pub origin: Origin,
    pub path: ReturnTo,
    /// The digest of the state cookie of the browser that the ticket was asked for by.
    pub state: [u8; 32],
    pub session: SessionId,
    /// From then on it is worth nothing.
    pub expires: Timestamp,
}

/// Tickets on their way from the issuer to a site, found by the SHA-256 of what travels.
#[async_trait]
pub trait Tickets: Send + Sync {
    async fn put(&self, key: [u8; 32], ticket: Ticket) -> Result<(), StoreError>;

    /// Takes the ticket away. Of several who ask at once, one gets it.
    async fn take(&self, key: [u8; 32]) -> Result<Option<Ticket>, StoreError>;
}

/// The most memory for tickets, in bytes: only who is signed in gets one.
const MOST: u64 = 32 * 1024 * 1024;
/// Of a ticket without its path, in bytes, roughly.
const SIZE: usize = 300;
/// Longer than any ticket lives; expiry itself is judged by who takes it.
const REMEMBERED: Duration = Duration::from_mins(5);

/// Tickets in this process's memory.
pub struct MemoryTickets(Cache<[u8; 32], Ticket>);

impl Default for MemoryTickets {
    fn default() -> Self {
        let size = |_: &_, ticket: &Ticket| {
            u32::try_from(SIZE + ticket.path.as_str().len()).unwrap_or(u32::MAX)
        };
        // LRU, since moka's own policy refuses newcomers when full.
        let cache = Cache::builder()
            .max_capacity(MOST)
            .weigher(size)
            .time_to_live(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru());
        Self(cache.build())
    }
}

#[async_trait]
impl Tickets for MemoryTickets {
    async fn put(&self, key: [u8; 32], ticket: Ticket) -> Result<(), StoreError> {
        self.0.insert(key, ticket);
        Ok(())
    }

    async fn take(&self, key: [u8; 32]) -> Result<Option<Ticket>, StoreError> {
        Ok(self.0.remove(&key))
    }
}
