use std::sync::Arc;

use super::Increment;
use super::cell_logs::Room;
use super::totals::{CounterId, CounterTotal, PlacedMark, TotalStore};
use crate::store::StoreError;

/// Counters whose totals are in the database: what is counted there is added to, in one step.
pub(super) struct TotalCounters {
    store: Arc<dyn TotalStore>,
}

/// What was counted and is not yet marked.
pub(super) struct Unmarked {
    mark: PlacedMark,
    /// As it was before.
    total: CounterTotal,
}

impl TotalCounters {
    pub(super) const fn new(store: Arc<dyn TotalStore>) -> Self {
        Self { store }
    }

    pub(super) async fn read(&self, id: CounterId, at: i64) -> Result<CounterTotal, StoreError> {
        let total = self.store.total(id).await?;
        Ok(total.unwrap_or_else(|| CounterTotal::new(at)))
    }

    /// Counts one, if there is still room: what is left after it.
    pub(super) async fn add(
        &self,
        count: &Increment,
        mut total: CounterTotal,
        at: i64,
        unmarked: &mut Vec<Unmarked>,
    ) -> Result<Room, StoreError> {
        let id = CounterId::of(count);
        // Another round only where others have counted meanwhile, and there is room all the same.
        loop {
            let left = match total.room(count, at) {
                Ok(left) if count.n > 0 => left.saturating_sub(count.n),
                room => return Ok(room),
            };
            let addition = total.addition(count, at);
            if let Some(added) = self.store.add(id, &addition).await? {
                let others = added.total - total.total - addition.n;
                let mark = total.mark(count, added);
                unmarked.push(Unmarked { mark, total });
                return Ok(Ok(left.saturating_sub(u32::try_from(others).unwrap_or(0))));
            }
            total = self.read(id, at).await?;
        }
    }

    pub(super) async fn mark(&self, unmarked: Vec<Unmarked>) -> Result<(), StoreError> {
        let marks: Vec<_> = unmarked.into_iter().map(|one| one.mark).collect();
        if marks.is_empty() { Ok(()) } else { self.store.mark(&marks).await }
    }

    /// Undoes what was counted before it is marked.
    pub(super) async fn undo(&self, unmarked: Vec<Unmarked>) -> Result<(), StoreError> {
        let mut marks = Vec::new();
        for Unmarked { mut mark, mut total } in unmarked {
            (mark.mark.given_back, mark.mark.n) = (mark.mark.n, 0);
            marks.push(mark);
            total.total = mark.mark.upto;
            self.store.set_newest(mark.id, &total).await?;
        }
        if marks.is_empty() { Ok(()) } else { self.store.mark(&marks).await }
    }

    pub(super) async fn subtract(&self, count: &Increment, at: i64) -> Result<(), StoreError> {
        let (id, n) = (CounterId::of(count), i64::from(count.n));
        while let Some(total) = self.store.total(id).await? {
            let Some(mark) = total.find_mark(count, at) else { return Ok(()) };
            let placed = PlacedMark { id, began: total.began, mark };
            if !self.store.give_back(&placed, n).await? {
                // Others gave back what it had.
                continue;
            }
            if let Some(total) = total.without_newest(&mark, n) {
                self.store.set_newest(id, &total).await?;
            }
            return Ok(());
        }
        Ok(())
    }

    pub(super) async fn clear(&self, id: CounterId) -> Result<(), StoreError> {
        let Some(total) = self.store.total(id).await? else { return Ok(()) };
        self.store.mark(&[total.clearing(id)]).await?;
        self.store.set_newest(id, &total.without_wait()).await
    }
}
