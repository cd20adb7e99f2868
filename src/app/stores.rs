use std::sync::Arc;

use super::decorate::{Decorator, StoreSet};
use super::error::AppError;
use super::keys;
use crate::config::Config;
use crate::domain::Keyring;
use crate::oauth::SigningKeys;
use crate::store::{CounterCapacity, MemoryAttempts, MemoryTickets, PersistentCounters, SqlStore};
use crate::system::System;
use crate::users;

/// What is opened first.
pub(super) struct Stores {
    pub(super) sql: Arc<SqlStore>,
    /// Undecorated, for the metrics.
    pub(super) attempts: Arc<MemoryAttempts>,
    pub(super) keys: SigningKeys,
    pub(super) for_requests: StoreSet,
    pub(super) for_texts: StoreSet,
}

/// Opens the database and creates the users of the configuration in it, restores the counters and
/// loads the signing keys.
pub(super) async fn open(
    config: &Config,
    keyring: &Keyring,
    system: &System,
    decorator: &dyn Decorator,
) -> Result<Stores, AppError> {
    let failed = |why| AppError::Store { database: config.store.database.to_string(), why };
    let sql = Arc::new(SqlStore::open(&config.store.database).await.map_err(failed)?);
    users::ensure_users(&*sql, &config.users, system).await.map_err(failed)?;
    let counters =
        PersistentCounters::open(Arc::clone(&sql), CounterCapacity::default(), system.now()).await;
    let keys = SigningKeys::open(&*sql, keyring, &keys::wanted(config), system).await?;
    let attempts = Arc::new(MemoryAttempts::default());
    let undecorated = StoreSet {
        attempts: Arc::clone(&attempts) as _,
        counters: Arc::new(counters.map_err(failed)?),
        logins: Arc::clone(&sql) as _,
        users: Arc::clone(&sql) as _,
        sessions: Arc::clone(&sql) as _,
        grants: Arc::clone(&sql) as _,
        tickets: Arc::new(MemoryTickets::default()),
        login_tickets: Arc::new(MemoryTickets::default()),
    };
    let for_requests = decorator.stores_for_requests(undecorated.clone());
    let for_texts = decorator.stores_for_texts(undecorated);
    Ok(Stores { sql, attempts, keys, for_requests, for_texts })
}
