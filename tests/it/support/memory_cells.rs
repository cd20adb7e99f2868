//! Cells in memory that never expire: fast enough for a thousand histories.
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use doorcode::store::{CellKey, CellStore, StoreError};

#[derive(Default)]
pub(crate) struct MemoryCells(Mutex<HashMap<CellKey, Vec<u8>>>);

#[async_trait]
impl CellStore for MemoryCells {
    async fn get(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    async fn swap(
        &self,
        key: &CellKey,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
        _: Duration,
    ) -> Result<bool, StoreError> {
        let mut cells = self.0.lock().unwrap();
        if cells.get(key).map(Vec::as_slice) != old {
            return Ok(false);
        }
        match new {
            Some(new) => cells.insert(key.clone(), new.to_vec()),
            None => cells.remove(key),
        };
        Ok(true)
    }

    async fn take(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap().remove(key))
    }
}
