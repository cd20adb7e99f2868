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

/// What a login across origins gives a page, to be handed in at `/authorize`.
#[derive(Clone, Debug)]
pub struct LoginTicket {
    /// The id of the client that logged in.
    pub client: String,
    /// Names the cookie that the browser was given with it.
    pub cookie: String,
    /// SHA-256 of that cookie's value.
    pub proof: [u8; 32],
    pub session: SessionId,
    /// From then on it is worth nothing.
    pub expires: Timestamp,
}

/// What can be a ticket.
pub trait Carried: Clone + Send + Sync + 'static {
    /// How much memory it takes beside what all of its kind take, in bytes.
    fn weight(&self) -> usize;
}

impl Carried for Ticket {
    fn weight(&self) -> usize {
        self.path.as_str().len()
    }
}

impl Carried for LoginTicket {
    fn weight(&self) -> usize {
        self.client.len() + self.cookie.len()
    }
}

/// Tickets on their way, found by the SHA-256 of what travels.
#[async_trait]
pub trait Tickets<T: Carried>: Send + Sync {
    async fn put(&self, key: [u8; 32], ticket: T) -> Result<(), StoreError>;

    /// Takes the ticket away. Of several who ask at once, one gets it.
    async fn take(&self, key: [u8; 32]) -> Result<Option<T>, StoreError>;
}

/// The most memory for tickets of a kind, in bytes: only who is signed in gets one.
const MOST: u64 = 32 * 1024 * 1024;
/// Of a ticket without its texts, in bytes, roughly.
const SIZE: usize = 300;
/// Longer than any ticket lives; expiry itself is judged by who takes it.
const REMEMBERED: Duration = Duration::from_mins(5);

/// Tickets in this process's memory.
pub struct MemoryTickets<T: Carried>(Cache<[u8; 32], T>);

impl<T: Carried> Default for MemoryTickets<T> {
    fn default() -> Self {
        let size = |_: &_, ticket: &T| u32::try_from(SIZE + ticket.weight()).unwrap_or(u32::MAX);
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
impl<T: Carried> Tickets<T> for MemoryTickets<T> {
    async fn put(&self, key: [u8; 32], ticket: T) -> Result<(), StoreError> {
        self.0.insert(key, ticket);
        Ok(())
    }

    async fn take(&self, key: [u8; 32]) -> Result<Option<T>, StoreError> {
        Ok(self.0.remove(&key))
    }
}
