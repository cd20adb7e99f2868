//! Cells, and what must last as long as they do: their server or database.
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorcode::store::{CellKey, CellStore, StoreError};

pub(crate) struct KeptCells<C> {
    pub(crate) cells: C,
    pub(crate) _keeps: Arc<dyn Any + Send + Sync>,
}

#[async_trait]
impl<C: CellStore> CellStore for KeptCells<C> {
    async fn get(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.cells.get(key).await
    }

    async fn swap(
        &self,
        key: &CellKey,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
        lives: Duration,
    ) -> Result<bool, StoreError> {
        self.cells.swap(key, old, new, lives).await
    }

    async fn take(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.cells.take(key).await
    }
}
