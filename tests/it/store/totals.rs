//! Counters of an hour and more, which nodes add to in their database.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::domain::CounterKey;
use doorcode::store::{
    AddedTotal, Addition, CounterId, CounterStore as _, CounterTotal, Increment, PlacedMark,
    SharedCounters, SqlStore, StoreError, TakeOutcome, TotalStore,
};
use doorcode::system::Timestamp;
use tokio::task::JoinSet;

use crate::support::databases;
use crate::support::memory_cells::MemoryCells;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn count(n: u8, window: Duration, most: u32) -> Increment {
    Increment { key: CounterKey::from_bytes([n; 16]), window, most, n: 1, spacing: None }
}

fn on(totals: Arc<dyn TotalStore>) -> SharedCounters {
    SharedCounters::new(Arc::new(MemoryCells::default()), totals)
}

async fn take(node: &SharedCounters, counts: &[Increment], now: Timestamp) -> Option<Timestamp> {
    match node.take(counts, now).await.expect("an answer") {
        TakeOutcome::Taken(counted) => Some(counted.at),
        TakeOutcome::Refused { .. } => None,
    }
}

/// Of `starts` at once over two nodes, how many pass a limit of `most`; each has a number of its own.
async fn pass(starts: u8, most: u32) -> (usize, u32) {
    let database = databases::postgresql().await;
    let nodes = [Arc::new(database.open().await), Arc::new(database.open().await)];
    let nodes = nodes.map(|totals| Arc::new(on(totals)));
    let mut tasks = JoinSet::new();
    for n in 0..starts {
        let node = Arc::clone(&nodes[usize::from(n % 2)]);
        let counts = [count(n, DAY, 1), count(251, DAY, 1000), count(250, HOUR, most)];
        tasks.spawn(async move { take(&node, &counts, NOW).await.is_some() });
    }
    let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
    let asked = nodes[0].take(&[Increment { n: 0, ..count(251, DAY, 1000) }], NOW).await;
    let TakeOutcome::Taken(counted) = asked.expect("an answer") else { panic!("full") };
    (taken, 1000 - counted.left[0])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_starts_at_once_over_two_nodes_exactly_the_limit_passes_and_none_fails() {
    let (taken, counted) = pass(200, 20).await;
    assert_eq!(taken, 20);
    assert_eq!(counted, 20, "what was refused is given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_starts_at_once_over_two_nodes_all_pass_where_there_is_room() {
    assert_eq!(pass(200, 200).await, (200, 200));
}

/// Two per hour, asked for each minute by two nodes in turn, with every third given back and the rows
/// that are over deleted in between: in no hour are there more than two, and always two.
#[tokio::test]
async fn windows_slide_while_rows_that_are_over_are_deleted() {
    let database = databases::sqlite().await;
    let stores = [Arc::new(database.open().await), Arc::new(database.open().await)];
    let nodes = stores.clone().map(|totals| on(totals));
    let two = count(1, HOUR, 2);
    let mut counted: Vec<u32> = Vec::new();
    let mut given = 0;
    for minute in 0..400_u32 {
        let now = NOW + Duration::from_mins(1) * minute;
        let node = &nodes[minute as usize % 2];
        let held = counted.iter().filter(|at| *at + 60 > minute).count();
        let taken = take(node, &[two], now).await;
        assert_eq!(taken.is_some(), held < 2, "{minute}: {counted:?}");
        if let Some(at) = taken {
            given += 1;
            if given % 3 == 0 {
                nodes[(minute as usize + 1) % 2].give_back(&[two], at).await.expect("done");
            } else {
                counted.push(minute);
            }
        }
        if minute % 7 == 0 {
            stores[0].clean_up(now).await.expect("done");
        }
    }
    assert!(counted.len() > 12, "{counted:?}");
    let later = NOW + DAY * 3;
    stores[0].clean_up(later).await.expect("done");
    let rows = "SELECT 'totals', COUNT(*) FROM counter_totals
         UNION ALL SELECT 'marks', COUNT(*) FROM counter_marks";
    let left = database.rows(rows).await;
    assert!(left.iter().all(|(_, rows)| *rows == Some(0)), "{left:?}");
    assert!(take(&nodes[0], &[two], later).await.is_some());
}

/// Counters of high limits have few rows, whatever is counted.
#[tokio::test]
async fn what_is_counted_in_a_high_limit_shares_its_marks() {
    let database = databases::sqlite().await;
    let node = on(Arc::new(database.open().await));
    let many = count(1, HOUR, 500);
    for n in 0..500_u32 {
        assert!(take(&node, &[many], NOW + Duration::from_millis(10) * n).await.is_some());
    }
    let end = NOW + Duration::from_secs(5);
    assert!(take(&node, &[many], end).await.is_none());
    assert!(take(&node, &[many], end + HOUR - Duration::from_secs(6)).await.is_none());
    assert!(take(&node, &[many], end + HOUR + HOUR / 256).await.is_some());
    let marks = database.rows("SELECT 'marks', COUNT(*) FROM counter_marks").await;
    assert!(marks[0].1.is_some_and(|rows| rows < 5), "{marks:?}");
}

/// A store that adds, and then fails to mark what was added, as when the process ends there.
struct Unmarking {
    store: SqlStore,
    fails: AtomicBool,
}

#[async_trait]
impl TotalStore for Unmarking {
    async fn total(&self, id: CounterId) -> Result<Option<CounterTotal>, StoreError> {
        self.store.total(id).await
    }

    async fn add(&self, id: CounterId, add: &Addition) -> Result<Option<AddedTotal>, StoreError> {
        self.store.add(id, add).await
    }

    async fn mark(&self, marks: &[PlacedMark]) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Silent);
        }
        self.store.mark(marks).await
    }

    async fn give_back(&self, mark: &PlacedMark, n: i64) -> Result<bool, StoreError> {
        self.store.give_back(mark, n).await
    }

    async fn set_newest(&self, id: CounterId, total: &CounterTotal) -> Result<(), StoreError> {
        self.store.set_newest(id, total).await
    }
}

#[tokio::test]
async fn what_was_added_and_not_marked_counts_until_its_window_ends() {
    let database = databases::sqlite().await;
    let totals = Arc::new(Unmarking { store: database.open().await, fails: true.into() });
    let node = on(totals.clone());
    let two = count(1, HOUR, 2);
    assert!(node.take(&[two], NOW).await.is_err());
    totals.fails.store(false, Ordering::Relaxed);
    let minute = Duration::from_mins(1);
    assert!(take(&node, &[two], NOW + minute).await.is_some());
    assert!(take(&node, &[two], NOW + minute * 2).await.is_none(), "two are counted");
    // With the one after it, which says that it is over.
    assert!(take(&node, &[two], NOW + HOUR).await.is_none());
    assert!(take(&node, &[two], NOW + HOUR + minute).await.is_some());
    assert!(take(&node, &[two], NOW + HOUR + minute).await.is_some());
    assert!(take(&node, &[two], NOW + HOUR + minute).await.is_none());
}

/// A row that was read before it was deleted and made anew gives no room.
#[tokio::test]
async fn what_was_read_of_a_row_that_is_gone_adds_nothing_to_the_next() {
    let database = databases::sqlite().await;
    let store = database.open().await;
    let id = CounterId { key: CounterKey::from_bytes([1; 16]), window: HOUR };
    let add = |began, most| Addition { began, n: 1, most, at: began, jitter: 0 };
    assert!(store.add(id, &add(1, 100)).await.unwrap().is_some());
    database.run("DELETE FROM counter_totals").await;
    assert!(store.add(id, &add(2, 1)).await.unwrap().is_some());
    assert!(store.add(id, &add(1, 100)).await.unwrap().is_none());
    assert!(store.add(id, &add(2, 1)).await.unwrap().is_none());
    assert!(store.add(id, &add(2, 2)).await.unwrap().is_some());
}
