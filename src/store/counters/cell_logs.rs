use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Increment;
use super::history::History;
use super::window_log::{Newest, WindowLog};
use crate::domain::CounterKey;
use crate::store::StoreError;
use crate::store::cells::{CellKey, CellKind, CellStore, StoredRecord, Turns, decode, encode};
use crate::system::{CLOCK_DIFFERENCE, millis};

/// What is left, or after how many milliseconds there is room.
pub(super) type Room = Result<u32, i64>;

/// Counters that are logs in cells, as those in memory are for their first keys: exact up to 32
/// moments. No key shares its count with another.
pub(super) struct CellLogs {
    cells: Arc<dyn CellStore>,
    turns: Turns,
}

/// The log of a counter, and the bytes that it was read from; `None`: there were none.
pub(super) struct LogCell {
    bytes: Option<Vec<u8>>,
    log: WindowLog,
}

impl CellLogs {
    pub(super) fn new(cells: Arc<dyn CellStore>) -> Self {
        Self { cells, turns: Turns::default() }
    }

    pub(super) async fn read(
        &self,
        key: CounterKey,
        window: Duration,
    ) -> Result<LogCell, StoreError> {
        let bytes = self.cells.get(&CellKey::counter(key, window)).await?;
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
        self.cells.swap(&key, cell.bytes.as_deref(), new.as_deref(), lives).await
    }

    /// Counts one, if there is still room: what is left after it.
    pub(super) async fn add(
        &self,
        count: &Increment,
        cell: LogCell,
        at: i64,
    ) -> Result<Room, StoreError> {
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

    pub(super) async fn subtract(&self, count: &Increment, at: i64) -> Result<(), StoreError> {
        self.change(count.key, count.window, |log| log.subtract(count.n, at)).await
    }

    pub(super) async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.change(key, window, |log| *log = WindowLog::default()).await
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

    pub(super) fn room(&self, count: &Increment, at: i64) -> Room {
        let now = self.time(at);
        History::of(&self.log, millis(count.window), now).left(count, now)
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
