use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::database::SqlStore;
use super::query::query;
use super::rows::Columns;
use crate::store::{CellKey, CellStore, StoreError};
use crate::system::System;

const TABLE: &str = "cells";

/// Cells in the database: one statement for each step.
pub struct SqlCells {
    store: Arc<SqlStore>,
    system: System,
}

impl SqlCells {
    pub const fn new(store: Arc<SqlStore>, system: System) -> Self {
        Self { store, system }
    }

    fn now(&self) -> i64 {
        self.system.steady().as_millis()
    }
}

#[async_trait]
impl CellStore for SqlCells {
    async fn get(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        let row = query("SELECT value FROM cells WHERE key = $1 AND expires > $2")
            .bind(key.to_string())
            .bind(self.now())
            .fetch_optional(&self.store.read)
            .await?;
        row.map(|row| Columns::of(&row, TABLE).bytes("value")).transpose()
    }

    async fn swap(
        &self,
        key: &CellKey,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
        lives: Duration,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let expires = (self.system.steady() + lives).as_millis();
        let (key, encode) = (key.to_string(), |value: &[u8]| STANDARD.encode(value));
        let swap = match (old.map(encode), new.map(encode)) {
            (None, None) => {
                let found = query("SELECT key FROM cells WHERE key = $1 AND expires > $2")
                    .bind(key)
                    .bind(now)
                    .fetch_optional(&self.store.read)
                    .await?;
                return Ok(found.is_none());
            }
            // What has expired is as good as gone.
            (None, Some(new)) => query(
                "INSERT INTO cells (key, value, expires) VALUES ($1, $2, $3)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires
                 WHERE cells.expires <= $4",
            )
            .bind(key)
            .bind(new)
            .bind(expires)
            .bind(now),
            (Some(old), Some(new)) => query(
                "UPDATE cells SET value = $1, expires = $2
                 WHERE key = $3 AND value = $4 AND expires > $5",
            )
            .bind(new)
            .bind(expires)
            .bind(key)
            .bind(old)
            .bind(now),
            (Some(old), None) => {
                query("DELETE FROM cells WHERE key = $1 AND value = $2 AND expires > $3")
                    .bind(key)
                    .bind(old)
                    .bind(now)
            }
        };
        Ok(swap.execute(&self.store.write).await? == 1)
    }

    async fn take(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        let row = query("DELETE FROM cells WHERE key = $1 AND expires > $2 RETURNING value")
            .bind(key.to_string())
            .bind(self.now())
            .fetch_optional(&self.store.write)
            .await?;
        row.map(|row| Columns::of(&row, TABLE).bytes("value")).transpose()
    }
}
