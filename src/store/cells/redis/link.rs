use std::sync::{Mutex, PoisonError};

use super::connect::{Connector, RedisConnection};
use crate::store::redis_fault::RedisFault;

/// The one connection that all calls share, and how it is replaced.
pub(super) struct Link {
    connector: tokio::sync::Mutex<Connector>,
    current: Mutex<Option<RedisConnection>>,
}

impl Link {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector: tokio::sync::Mutex::new(connector), current: Mutex::default() }
    }

    /// The present connection, or else a new one. Of concurrent calls one connects; the others wait
    /// for it.
    ///
    /// # Errors
    ///
    /// If no server can be reached that may be used.
    pub(super) async fn connection(&self) -> Result<RedisConnection, RedisFault> {
        if let Some(connection) = self.present() {
            return Ok(connection);
        }
        let mut connector = self.connector.lock().await;
        if let Some(connection) = self.present() {
            return Ok(connection);
        }
        let connection = connector.connect().await?;
        *self.lock() = Some(connection.clone());
        Ok(connection)
    }

    /// Uses the connection of this number no more.
    pub(super) fn give_up(&self, number: Option<u64>) {
        let mut current = self.lock();
        if current.as_ref().map(|connection| connection.number) == number {
            *current = None;
        }
    }

    fn present(&self) -> Option<RedisConnection> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<RedisConnection>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
