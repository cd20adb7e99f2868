use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::cell_logs::{CellLogs, LogCell, Room};
use super::clock::MonotonicClock;
use super::total_counters::TotalCounters;
use super::totals::{CounterId, CounterTotal, TotalStore};
use super::{Counted, CounterStore, Increment, LONG_WINDOW, TakeOutcome};
use crate::domain::CounterKey;
use crate::store::StoreError;
use crate::store::cells::{CellKind, CellStore, PATIENCE};
use crate::system::Timestamp;

/// Counters that all nodes share: those of windows below an hour in cells, the others in the database.
///
/// Each key is changed alone. Between several, other nodes may see some of them counted that are
/// then given back, and refuse: too much may be counted, never too little.
pub struct SharedCounters {
    short: CellLogs,
    long: TotalCounters,
    clock: Mutex<MonotonicClock>,
}

/// A counter as it was read.
enum Seen {
    Short(LogCell),
    Long(CounterTotal),
}

impl SharedCounters {
    /// `short` holds the counts in windows below an hour, `long` the others.
    pub fn new(short: Arc<dyn CellStore>, long: Arc<dyn TotalStore>) -> Self {
        let (short, long) = (CellLogs::new(short), TotalCounters::new(long));
        Self { short, long, clock: Mutex::default() }
    }

    async fn read(&self, count: &Increment, at: i64) -> Result<Seen, StoreError> {
        Ok(if count.window < LONG_WINDOW {
            Seen::Short(self.short.read(count.key, count.window).await?)
        } else {
            Seen::Long(self.long.read(CounterId::of(count), at).await?)
        })
    }

    async fn take_all(&self, counts: &[Increment], at: i64) -> Result<TakeOutcome, StoreError> {
        loop {
            let seen = try_join_all(counts.iter().map(|count| self.read(count, at))).await?;
            if let Some(refused) = longest_refusal(counts, &seen, at) {
                return Ok(refused);
            }
            if let Some(left) = self.add_all(counts, seen, at).await? {
                let at = Timestamp::from_millis(at);
                return Ok(TakeOutcome::Taken(Counted { at, left }));
            }
        }
    }

    /// Counts all, after each had room when it was read. `None`: somebody else was faster,
    /// and nothing is counted.
    async fn add_all(
        &self,
        counts: &[Increment],
        seen: Vec<Seen>,
        at: i64,
    ) -> Result<Option<Vec<u32>>, StoreError> {
        let (mut left, mut unmarked) = (Vec::with_capacity(counts.len()), Vec::new());
        for (count, seen) in counts.iter().zip(seen) {
            let added = match seen {
                Seen::Short(cell) => self.short.add(count, cell, at).await,
                Seen::Long(total) => self.long.add(count, total, at, &mut unmarked).await,
            };
            if let Ok(Ok(rest)) = added {
                left.push(rest);
                continue;
            }
            let long = self.long.undo(unmarked).await;
            let short = self.subtract_short(&counts[..left.len()], at).await;
            added?.ok();
            long.and(short)?;
            return Ok(None);
        }
        if let Err(error) = self.long.mark(unmarked).await {
            self.subtract_short(counts, at).await?;
            return Err(error);
        }
        Ok(Some(left))
    }

    async fn subtract_short(&self, counts: &[Increment], at: i64) -> Result<(), StoreError> {
        for count in counts.iter().filter(|count| count.n > 0 && count.window < LONG_WINDOW) {
            self.short.subtract(count, at).await?;
        }
        Ok(())
    }

    async fn subtract_all(&self, counts: &[Increment], at: i64) -> Result<(), StoreError> {
        for count in counts.iter().filter(|count| count.n > 0 && count.window >= LONG_WINDOW) {
            self.long.subtract(count, at).await?;
        }
        self.subtract_short(counts, at).await
    }

    async fn clear_one(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        if window < LONG_WINDOW {
            return self.short.clear(key, window).await;
        }
        self.long.clear(CounterId { key, window }).await
    }
}

impl Seen {
    fn room(&self, count: &Increment, at: i64) -> Room {
        match self {
            Self::Short(cell) => cell.room(count, at),
            Self::Long(total) => total.room(count, at),
        }
    }
}

/// The refusal that lasts longest, if there is one.
fn longest_refusal(counts: &[Increment], seen: &[Seen], at: i64) -> Option<TakeOutcome> {
    let mut longest: Option<(usize, i64)> = None;
    for (which, (count, seen)) in counts.iter().zip(seen).enumerate() {
        let wait = seen.room(count, at).err();
        longest = match (wait, longest) {
            (Some(wait), Some((_, most))) if wait <= most => longest,
            (Some(wait), _) => Some((which, wait)),
            (None, _) => longest,
        };
    }
    let (which, wait) = longest?;
    let retry_after = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
    Some(TakeOutcome::Refused { which, retry_after })
}

/// Gives up when others change the same counters all the time.
async fn in_time<T>(
    step: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let contended = StoreError::Contended { kind: CellKind::Counter.as_str() };
    tokio::time::timeout(PATIENCE, step).await.unwrap_or(Err(contended))
}

#[async_trait]
impl CounterStore for SharedCounters {
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError> {
        let at = self.clock.lock().unwrap_or_else(PoisonError::into_inner).at(now);
        in_time(self.take_all(counts, at)).await
    }

    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        in_time(self.subtract_all(counts, at.as_millis())).await
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        in_time(self.clear_one(key, window)).await
    }
}
