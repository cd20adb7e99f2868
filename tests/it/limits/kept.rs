//! What survives a restart, and what happens when it cannot be written.
use doorcode::store::{CounterCapacity, CounterStore, Increment, PersistentCounters, TakeOutcome};
use tempfile::TempDir;

use super::counters::{BEGIN, count, database, take};
use super::{DAY, HOUR, MINUTE};
use crate::support::tables::counters;

async fn open(folder: &TempDir, now: doorcode::system::Timestamp) -> PersistentCounters {
    PersistentCounters::open(database(folder).await, CounterCapacity::default(), now)
        .await
        .expect("counters")
}

fn is_taken(take: &TakeOutcome) -> bool {
    matches!(take, TakeOutcome::Taken(_))
}

/// Nothing is closed or written at the end: a process may be killed.
#[tokio::test]
async fn windows_of_an_hour_and_what_is_counted_with_them_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (quarter, hour, day) = (count(1, MINUTE * 15, 1), count(1, HOUR, 2), count(2, DAY, 1));
    let before = open(&folder, BEGIN).await;
    let all = [quarter, hour, day];
    assert!(is_taken(&take(&before, &all, BEGIN).await));
    let later = BEGIN + MINUTE;
    assert!(is_taken(&take(&before, &[hour], later).await));
    let alone = count(3, MINUTE * 15, 1);
    assert!(is_taken(&take(&before, &[alone], later).await));

    let after = open(&folder, later).await;
    assert!(!is_taken(&take(&after, &[hour], later).await));
    assert!(!is_taken(&take(&after, &[day], later).await));
    assert!(!is_taken(&take(&after, &[quarter], later).await));
    assert!(is_taken(&take(&after, &[alone], later).await), "nothing lasting was counted with it");
    let TakeOutcome::Refused { retry_after, .. } = take(&after, &[hour], later).await else {
        panic!("refused above")
    };
    assert_eq!(retry_after + MINUTE, HOUR, "to the moment");
    assert!(is_taken(&take(&after, &[hour], BEGIN + HOUR).await));
}

#[tokio::test]
async fn what_was_given_back_or_cleared_stays_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (back, cleared) = (count(1, HOUR, 1), count(2, DAY, 1));
    let before = open(&folder, BEGIN).await;
    let TakeOutcome::Taken(counted) = take(&before, &[back, cleared], BEGIN).await else {
        panic!("room")
    };
    before.give_back(&[back], counted.at).await.expect("done");
    before.clear(cleared.key, DAY).await.expect("done");
    let after = open(&folder, BEGIN).await;
    assert!(is_taken(&take(&after, &[back, cleared], BEGIN).await));
}

#[tokio::test]
async fn a_clock_set_back_while_nothing_ran_holds_nothing_for_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = count(1, HOUR, 1);
    take(&open(&folder, BEGIN + DAY * 300).await, &[one], BEGIN + DAY * 300).await;
    let after = open(&folder, BEGIN).await;
    assert!(!is_taken(&take(&after, &[one], BEGIN + MINUTE * 59).await));
    assert!(is_taken(&take(&after, &[one], BEGIN + HOUR).await));
}

#[tokio::test]
async fn nothing_is_let_through_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = database(&folder).await;
    let counters = PersistentCounters::open(store.clone(), CounterCapacity::default(), BEGIN).await;
    let counters = counters.expect("counters");
    store.close().await;
    let (hour, short) = (count(1, HOUR, 1), count(1, MINUTE, 1));
    for _ in 0..3 {
        counters.take(&[hour, short], BEGIN).await.expect_err("no database");
    }
    let ask = Increment { n: 0, ..short };
    assert!(is_taken(&take(&counters, &[ask], BEGIN).await), "nor counted");
}

#[tokio::test]
async fn what_is_over_is_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = database(&folder).await;
    let counters = PersistentCounters::open(store.clone(), CounterCapacity::default(), BEGIN).await;
    let counters = counters.expect("counters");
    for n in 0..50 {
        take(&counters, &[count(n, HOUR, 1)], BEGIN).await;
    }
    take(&counters, &[count(99, HOUR, 1)], BEGIN + HOUR).await;
    let path = folder.path().join("counters.db");
    assert_eq!(counters::ALL.read(&path).await, 1);
}
