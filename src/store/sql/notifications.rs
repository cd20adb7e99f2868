//! Word of changes from PostgreSQL (its documentation, `NOTIFY`), sooner than by looking for them.
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgListener, PgPool};

use super::postgres::in_time;
use crate::store::{ChangeListener, StoreError};

const CHANNEL: &str = "doorcode_change";

/// Tells those who listen that there are changes, once the transaction is committed.
pub(super) async fn notify(transaction: &mut PgConnection) -> Result<(), StoreError> {
    let notify = sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL);
    in_time(notify.execute(transaction)).await.map(drop)
}

/// Listens on a connection of its own. Without one, changes are looked for at intervals.
pub(super) struct PostgresListener {
    pool: PgPool,
    listener: Option<PgListener>,
}

impl PostgresListener {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool, listener: None }
    }

    async fn listen(&mut self) -> Result<(), sqlx::Error> {
        if let Some(listener) = &mut self.listener {
            return listener.recv().await.map(drop);
        }
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        self.listener = Some(listener);
        // There may be changes from before it listened.
        Ok(())
    }
}

#[async_trait]
impl ChangeListener for PostgresListener {
    async fn changed(&mut self, interval: Duration) {
        let end_of_interval = tokio::time::sleep(interval);
        tokio::pin!(end_of_interval);
        let failed = tokio::select! {
            listened = self.listen() => listened.is_err(),
            () = &mut end_of_interval => false,
        };
        if failed {
            self.listener = None;
            end_of_interval.await;
        }
    }
}
