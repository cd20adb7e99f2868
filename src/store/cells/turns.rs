use tokio::sync::{Mutex, MutexGuard};

use super::CellKey;

/// Two keys rarely wait for each other.
const STRIPES: usize = 64;

/// The order in which this process changes a cell that many of its requests want to change at once.
/// Without it each swap would make all others fail: a thousand would need a million.
pub(in crate::store) struct Turns([Mutex<()>; STRIPES]);

impl Default for Turns {
    fn default() -> Self {
        Self([const { Mutex::const_new(()) }; STRIPES])
    }
}

impl Turns {
    /// Waits for the turn to change this cell. Other nodes may still change it.
    pub(in crate::store) async fn of(&self, key: &CellKey) -> MutexGuard<'_, ()> {
        // Keys are digests, so any part of one is evenly spread.
        let start = key.digest().get(..2).and_then(|hex| usize::from_str_radix(hex, 16).ok());
        self.0[start.unwrap_or(0) % STRIPES].lock().await
    }
}
