use std::time::Duration;

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::StoreError;
use crate::domain::{
    ClientId, Origin, ReturnTo, SessionId, StateCookieDigest, TicketCookieDigest, TicketDigest,
};
use crate::system::Timestamp;

/// A hand-over ticket: transfers a session from the issuer's host to the host of a site.
#[derive(Clone, Debug)]
pub struct HandoverTicket {
    /// The only origin at which it can be redeemed.
    pub origin: Origin,
    pub path: ReturnTo,
    /// Binds it to the browser that requested it.
    pub state: StateCookieDigest,
    pub session: SessionId,
    /// The language that was chosen at the issuer, as its cookie has it.
    pub language: Option<String>,
    /// It cannot be redeemed from this time on, by `System::steady`.
    pub expires: Timestamp,
}

/// A login ticket: the result of a cross-origin login (`/co/authenticate`), redeemed at
/// `/authorize`.
#[derive(Clone, Debug)]
pub struct LoginTicket {
    pub client: ClientId,
    /// The variable part of the cookie's name.
    pub cookie: String,
    /// The cookie's value, which binds the ticket to the browser.
    pub proof: TicketCookieDigest,
    pub session: SessionId,
    /// It cannot be redeemed from this time on, by `System::steady`.
    pub expires: Timestamp,
}

/// A form that was posted without a session that the page accepts, kept until its user has logged in.
#[derive(Clone)]
pub struct KeptForm {
    /// Whose it is and what it holds, encrypted.
    pub sealed: String,
    /// It cannot be sent from this time on, by `System::steady`.
    pub expires: Timestamp,
}

/// Single-use tickets of one type, found by their digest.
#[async_trait]
pub trait TicketStore<T>: Send + Sync {
    /// # Errors
    ///
    /// If the store fails.
    async fn put(&self, key: TicketDigest, ticket: T) -> Result<(), StoreError>;

    /// Returns a ticket, which can be taken still.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn get(&self, key: TicketDigest) -> Result<Option<T>, StoreError>;

    /// Removes and returns a ticket. Of several concurrent calls only one gets it.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn take(&self, key: TicketDigest) -> Result<Option<T>, StoreError>;
}

/// Maximum memory for the tickets of one type, in bytes. Only users can create tickets.
const CAPACITY: u64 = 32 * 1024 * 1024;
/// The approximate size of a ticket without its strings, in bytes.
const BASE_SIZE: usize = 300;
/// Longer than any ticket lives. The code that redeems a ticket judges its expiry.
pub(super) const RETENTION: Duration = Duration::from_mins(11);

/// Tickets in the memory of this process.
pub struct MemoryTickets<T>(Cache<TicketDigest, T>);

impl<T: Clone + Send + Sync + 'static> MemoryTickets<T> {
    /// `string_bytes`: the size of the strings in a ticket.
    fn new(string_bytes: fn(&T) -> usize) -> Self {
        let size = move |_: &TicketDigest, ticket: &T| {
            u32::try_from(BASE_SIZE + string_bytes(ticket)).unwrap_or(u32::MAX)
        };
        // LRU: moka's default policy rejects new entries when full.
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(size)
            .time_to_live(RETENTION)
            .eviction_policy(EvictionPolicy::lru());
        Self(cache.build())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TicketDigest, T)> {
        self.0.iter().map(|(key, ticket)| (*key, ticket))
    }

    pub(super) fn insert(&self, key: TicketDigest, ticket: T) {
        self.0.insert(key, ticket);
    }
}

impl Default for MemoryTickets<HandoverTicket> {
    fn default() -> Self {
        Self::new(|ticket| ticket.path.as_str().len())
    }
}

impl Default for MemoryTickets<LoginTicket> {
    fn default() -> Self {
        Self::new(|ticket| ticket.client.as_str().len() + ticket.cookie.len())
    }
}

impl Default for MemoryTickets<KeptForm> {
    fn default() -> Self {
        Self::new(|form| form.sealed.len())
    }
}

#[async_trait]
impl<T: Clone + Send + Sync + 'static> TicketStore<T> for MemoryTickets<T> {
    async fn put(&self, key: TicketDigest, ticket: T) -> Result<(), StoreError> {
        self.0.insert(key, ticket);
        Ok(())
    }

    async fn get(&self, key: TicketDigest) -> Result<Option<T>, StoreError> {
        Ok(self.0.get(&key))
    }

    async fn take(&self, key: TicketDigest) -> Result<Option<T>, StoreError> {
        Ok(self.0.remove(&key))
    }
}
