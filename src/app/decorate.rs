//! What tests put between the server and its stores and providers.
use std::sync::Arc;

use crate::delivery::sms::SmsProvider;
use crate::domain::NodeId;
use crate::login::Login;
use crate::proxy::{self, NameLookup};
use crate::session::Sessions;
use crate::store::{
    self, AttemptStore, CounterStore, GrantStore, LoginStore, MemoryStores, SqlStore, TicketStores,
    UserStore,
};

/// The stores of a server.
#[derive(Clone)]
pub struct StoreSet {
    pub attempts: Arc<dyn AttemptStore>,
    pub counters: Arc<dyn CounterStore>,
    pub logins: Arc<dyn LoginStore>,
    pub users: Arc<dyn UserStore>,
    pub sessions: Arc<dyn store::SessionStore>,
    pub grants: Arc<dyn GrantStore>,
    pub tickets: TicketStores,
}

/// Replaces stores, SMS providers and DNS, as a rule by wrappers around those that it is given. A method
/// that is not written returns what it is given.
pub trait Decorator {
    /// The stores that requests are answered from.
    fn stores_for_requests(&self, stores: StoreSet) -> StoreSet {
        stores
    }

    /// The stores that the queue of texts is sent with.
    fn stores_for_texts(&self, stores: StoreSet) -> StoreSet {
        stores
    }

    /// The SMS providers, in the order in which they are tried.
    fn providers(&self, providers: Vec<Arc<dyn SmsProvider>>) -> Vec<Arc<dyn SmsProvider>> {
        providers
    }

    /// Resolves the names of upstreams.
    fn names(&self, lookup: Arc<dyn NameLookup>) -> Arc<dyn NameLookup> {
        lookup
    }
}

/// Replaces nothing.
pub struct Undecorated;

impl Decorator for Undecorated {}

/// A server that was built and does not run yet.
pub struct Assembled {
    pub server: proxy::ServerDeps,
    /// The login that the server's pages use, for tests that have no page.
    pub login: Login,
    pub sessions: Arc<Sessions>,
    /// With nothing before it, whatever the decorator did.
    pub database: Arc<SqlStore>,
    /// What it is in the list of nodes.
    pub node: Option<NodeId>,
    /// What expires, where it is in the memory of this process.
    pub memory: Option<Arc<MemoryStores>>,
}
