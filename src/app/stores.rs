use std::sync::Arc;

use super::decorate::{Decorator, StoreSet};
use super::error::AppError;
use super::keys;
use crate::config::Config;
use crate::domain::Keyring;
use crate::oauth::SigningKeys;
use crate::store::{
    CacheSettings, CellStore, ContactKeys, CounterCapacity, MemoryStores, PersistentCounters,
    RedisCells, SharedAttempts, SharedCounters, SqlCells, SqlStore, TicketStores,
};
use crate::system::System;
use crate::users;

/// What is opened first.
pub(super) struct Stores {
    pub(super) sql: Arc<SqlStore>,
    /// Undecorated, for the metrics and the next process; `None` where they are shared.
    pub(super) memory: Option<Arc<MemoryStores>>,
    /// What expires, where it is shared and not in the database.
    pub(super) redis: Option<Arc<RedisCells>>,
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
    let failed = AppError::of_store(&config.store.database);
    let accepted = config.login.accepted_numbers.clone();
    let contacts = ContactKeys::new(keyring, system.clone()).accepting(accepted);
    let sql = Arc::new(SqlStore::open(&config.store.database, contacts).await.map_err(failed)?);
    let keys = SigningKeys::open(&*sql, keyring, &keys::wanted(config), system).await?;
    // After the keys, which show whether the secret is that of the database.
    users::ensure_users(&*sql, &config.users, system).await.map_err(failed)?;
    let (undecorated, memory, redis) = match &config.store.cache {
        CacheSettings::Memory => {
            let memory = Arc::new(MemoryStores::default());
            let stores = in_memory(&sql, &memory, system).await?;
            (stores, Some(memory), None)
        }
        CacheSettings::Database => {
            let cells = Arc::new(SqlCells::new(Arc::clone(&sql), system.clone()));
            (shared(&sql, &(cells as _)), None, None)
        }
        CacheSettings::Redis(settings) => {
            let failed = AppError::of_cache(&settings.server);
            let cells = RedisCells::connect((**settings).clone()).await.map_err(failed)?;
            let redis = Arc::new(cells);
            let cells: Arc<dyn CellStore> = Arc::clone(&redis) as _;
            (shared(&sql, &cells), None, Some(redis))
        }
    };
    let for_requests = decorator.stores_for_requests(undecorated.clone());
    let for_texts = decorator.stores_for_texts(undecorated);
    Ok(Stores { sql, memory, redis, keys, for_requests, for_texts })
}

/// With what expires in this process.
async fn in_memory(
    sql: &Arc<SqlStore>,
    memory: &MemoryStores,
    system: &System,
) -> Result<StoreSet, AppError> {
    let capacity = CounterCapacity::default();
    let counters = PersistentCounters::open(Arc::clone(sql), capacity, system.now()).await;
    Ok(StoreSet {
        attempts: Arc::clone(&memory.attempts) as _,
        counters: Arc::new(counters.map_err(AppError::Counters)?),
        logins: Arc::clone(sql) as _,
        users: Arc::clone(sql) as _,
        sessions: Arc::clone(sql) as _,
        grants: Arc::clone(sql) as _,
        tickets: memory.tickets(),
    })
}

/// With what expires in `cells`, and counts of an hour and more in the database.
fn shared(sql: &Arc<SqlStore>, cells: &Arc<dyn CellStore>) -> StoreSet {
    StoreSet {
        attempts: Arc::new(SharedAttempts::new(Arc::clone(cells))),
        counters: Arc::new(SharedCounters::new(Arc::clone(cells), Arc::clone(sql) as _)),
        logins: Arc::clone(sql) as _,
        users: Arc::clone(sql) as _,
        sessions: Arc::clone(sql) as _,
        grants: Arc::clone(sql) as _,
        tickets: TicketStores::shared(cells),
    }
}
