use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::clock::MonotonicClock;
use super::history::History;
use super::window_log::{Newest, WindowLog};
use super::{Counted, CounterStore, Increment, LONG_WINDOW, TakeOutcome};
use crate::domain::CounterKey;
use crate::store::StoreError;
use crate::store::cells::{
    CellKey, CellKind, CellStore, PATIENCE, StoredRecord, Turns, decode, encode,
};
use crate::system::{CLOCK_DIFFERENCE, Timestamp, millis};

/// Counters that all nodes share: each is a log in a cell. Exact up to 32 moments, as those in
/// memory are for their first keys; no key shares its count with another.
///
/// Each key is changed alone. Between several, other nodes may see some of them counted that are
/// then given back, and refuse: too much may be counted, never too little.
pub struct SharedCounters {
    short: Arc<dyn CellStore>,
    long: Arc<dyn CellStore>,
    clock: Mutex<MonotonicClock>,
    turns: Turns,
}

/// The log of a counter, and the bytes that it was read from; `None`: there were none.
struct LogCell {
    bytes: Option<Vec<u8>>,
    log: WindowLog,
}

/// What is left, or after how many milliseconds there is room.
type Room = Result<u32, i64>;

impl SharedCounters {
    /// `short` holds the counts in windows below an hour, `long` the others.
    pub fn new(short: Arc<dyn CellStore>, long: Arc<dyn CellStore>) -> Self {
        Self { short, long, clock: Mutex::default(), turns: Turns::default() }
    }

    fn cells(&self, window: Duration) -> &dyn CellStore {
        if window < LONG_WINDOW { &*self.short } else { &*self.long }
    }

    async fn read(&self, key: CounterKey, window: Duration) -> Result<LogCell, StoreError> {
        let bytes = self.cells(window).get(&CellKey::counter(key, window)).await?;
        let log = bytes.as_deref().map(decode).transpose()?.unwrap_or_default();
        Ok(LogCell { bytes, log })
    }

    /// Writes the log of a cell; `false`: somebody else has changed it since.
    async fn write(
        &self,
        key: CounterKey,
        window: Duration,
        cell: &LogCell,
    ) -> Result<bool, StoreError> {
        let new = if cell.log.is_empty() { None } else { Some(encode(&cell.log)?) };
        let key = CellKey::counter(key, window);
        // A node whose clock is behind still finds what it must count.
        let lives = window.saturating_add(CLOCK_DIFFERENCE);
        self.cells(window).swap(&key, cell.bytes.as_deref(), new.as_deref(), lives).await
    }

    async fn take_all(&self, counts: &[Increment], at: i64) -> Result<TakeOutcome, StoreError> {
        loop {
            let cells = counts.iter().map(|count| self.read(count.key, count.window));
            let cells = try_join_all(cells).await?;
            if let Some(refused) = longest_refusal(counts, &cells, at) {
                return Ok(refused);
            }
            if let Some(left) = self.add_all(counts, cells, at).await? {
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
        cells: Vec<LogCell>,
        at: i64,
    ) -> Result<Option<Vec<u32>>, StoreError> {
        let mut left = Vec::with_capacity(counts.len());
        for (count, cell) in counts.iter().zip(cells) {
            let added = self.add(count, cell, at).await;
            if let Ok(Ok(rest)) = added {
                left.push(rest);
                continue;
            }
            let undone = self.subtract_all(&counts[..left.len()], at).await;
            added?.ok();
            undone?;
            return Ok(None);
        }
        Ok(Some(left))
    }

    /// Counts one, if there is still room: what is left after it.
    async fn add(&self, count: &Increment, cell: LogCell, at: i64) -> Result<Room, StoreError> {
        if let Some(room) = self.try_add(count, cell, at).await? {
            return Ok(room);
        }
        let _turn = self.turns.of(&CellKey::counter(count.key, count.window)).await;
        loop {
            let cell = self.read(count.key, count.window).await?;
            if let Some(room) = self.try_add(count, cell, at).await? {
                return Ok(room);
            }
        }
    }

    /// `None`: somebody else was faster.
    async fn try_add(
        &self,
        count: &Increment,
        mut cell: LogCell,
        at: i64,
    ) -> Result<Option<Room>, StoreError> {
        let room = cell.room(count, at);
        if count.n == 0 || room.is_err() {
            return Ok(Some(room));
        }
        let newest = Newest::of(count, cell.time(at));
        cell.log.add(count.n, millis(count.window), newest);
        let written = self.write(count.key, count.window, &cell).await?;
        Ok(written.then(|| room.map(|left| left.saturating_sub(count.n))))
    }

    async fn subtract_all(&self, counts: &[Increment], at: i64) -> Result<(), StoreError> {
        for count in counts.iter().filter(|count| count.n > 0) {
            self.change(count.key, count.window, |log| log.subtract(count.n, at)).await?;
        }
        Ok(())
    }

    /// Changes the log of one counter, if it has one.
    async fn change(
        &self,
        key: CounterKey,
        window: Duration,
        change: impl Fn(&mut WindowLog) + Send,
    ) -> Result<(), StoreError> {
        let _turn = self.turns.of(&CellKey::counter(key, window)).await;
        loop {
            let mut cell = self.read(key, window).await?;
            if cell.bytes.is_none() {
                return Ok(());
            }
            change(&mut cell.log);
            if self.write(key, window, &cell).await? {
                return Ok(());
            }
        }
    }
}

impl LogCell {
    /// The time that counts for this key: never before what another node has counted, whose clock
    /// may be ahead.
    fn time(&self, at: i64) -> i64 {
        at.max(self.log.newest().at)
    }

    fn room(&self, count: &Increment, at: i64) -> Room {
        let now = self.time(at);
        History::of(&self.log, millis(count.window), now).left(count, now)
    }
}

/// The refusal that lasts longest, if there is one.
fn longest_refusal(counts: &[Increment], cells: &[LogCell], at: i64) -> Option<TakeOutcome> {
    let mut longest: Option<(usize, i64)> = None;
    for (which, (count, cell)) in counts.iter().zip(cells).enumerate() {
        let wait = cell.room(count, at).err();
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
        in_time(self.change(key, window, |log| *log = WindowLog::default())).await
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogRecord {
    /// When, and how much; oldest first.
    entries: Vec<(i64, u32)>,
    newest: i64,
    jitter: i8,
}

impl StoredRecord for WindowLog {
    type Record = LogRecord;
    const KIND: CellKind = CellKind::Counter;

    fn to_record(&self) -> LogRecord {
        let Newest { at: newest, jitter } = self.newest();
        LogRecord { entries: self.entries().collect(), newest, jitter }
    }

    fn from_record(record: LogRecord) -> Option<Self> {
        let newest = Newest { at: record.newest, jitter: record.jitter };
        Self::restore(record.entries.into_iter(), newest)
    }
}
