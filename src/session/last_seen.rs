use std::sync::atomic::Ordering;

use super::sessions::Sessions;
use crate::store::StoreError;
use crate::system::Timestamp;

impl Sessions {
    /// Writes the last use of all sessions that were used since the last call, in one batch, and
    /// returns how many those were.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; the next call tries again.
    pub async fn write_last_seen(&self) -> Result<usize, StoreError> {
        let mut newer = Vec::new();
        for session in self.states.all() {
            let seen = session.seen.load(Ordering::Relaxed);
            if seen > session.seen_in_store.load(Ordering::Relaxed) {
                newer.push((session, seen));
            }
        }
        let rows: Vec<_> = newer
            .iter()
            .map(|(session, seen)| (session.id, Timestamp::from_millis(*seen)))
            .collect();
        if !rows.is_empty() {
            self.store.record_last_seen(&rows).await?;
        }
        for (session, seen) in newer {
            session.seen_in_store.store(seen, Ordering::Relaxed);
        }
        Ok(rows.len())
    }
}
