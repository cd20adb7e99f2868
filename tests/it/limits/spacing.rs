//! Counts that must come one after the other: a wait after each, which doubles.
use std::sync::Arc;
use std::time::Duration;

use doorcode::store::{
    Backoff, CounterCapacity, Increment, MemoryCounters, PersistentCounters, TakeOutcome,
};

use super::counters::{BEGIN, count, database, every, refused, take};
use super::{DAY, HOUR, MINUTE};

const SECOND: Duration = Duration::from_secs(1);

fn spaced(n: u32, jitter: i8) -> Increment {
    let spacing = Backoff { first: SECOND * 30, longest: MINUTE * 32, jitter, waits: true };
    Increment { spacing: Some(spacing), ..count(n, DAY, u32::MAX) }
}

fn is_taken(take: &TakeOutcome) -> bool {
    matches!(take, TakeOutcome::Taken(_))
}

/// Where keys are counted together, times are whole seconds and a tenth longer.
fn is_about(name: &str, wait: Duration, seconds: u64) {
    let exact = Duration::from_secs(seconds);
    let most = if name.ends_with("together") { exact * 11 / 10 + SECOND } else { exact };
    assert!(wait >= exact && wait <= most, "{name}: {wait:?}, not {seconds} s");
}

#[tokio::test]
async fn each_wait_is_twice_the_one_before_up_to_the_longest() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let mut now = BEGIN;
        for seconds in [30, 60, 120, 240, 480, 960, 1920, 1920] {
            assert!(is_taken(&take(&*counters, &[spaced(1, 0)], now).await), "{name}");
            let (which, wait) = refused(take(&*counters, &[spaced(1, 0)], now).await);
            assert_eq!(which, 0, "{name}");
            is_about(name, wait, seconds);
            let early = now + wait.saturating_sub(Duration::from_millis(1));
            refused(take(&*counters, &[spaced(1, 0)], early).await);
            assert!(is_taken(&take(&*counters, &[spaced(2, 0)], now).await) || seconds > 30);
            now = now + wait;
        }
    }
}

#[tokio::test]
async fn the_wait_is_as_much_longer_or_shorter_as_was_drawn_for_it() {
    let counters = MemoryCounters::default();
    for (n, jitter, wait) in [(1, -10, 27), (2, 0, 30), (3, 10, 33), (4, 127, 33)] {
        take(&counters, &[spaced(n, jitter)], BEGIN).await;
        // What is drawn for the next is no matter of this wait.
        let (_, told) = refused(take(&counters, &[spaced(n, -10)], BEGIN).await);
        assert_eq!(told, SECOND * wait);
    }
}

#[tokio::test]
async fn what_need_not_wait_makes_others_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let one = spaced(1, 0);
        let spacing = one.spacing.map(|spacing| Backoff { waits: false, ..spacing });
        take(&*counters, &[one], BEGIN).await;
        assert!(is_taken(&take(&*counters, &[Increment { spacing, ..one }], BEGIN + SECOND).await));
        is_about(name, refused(take(&*counters, &[one], BEGIN + SECOND).await).1, 60);
    }
}

#[tokio::test]
async fn all_wait_together_or_none_is_counted_and_asking_counts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let (one, full) = (spaced(1, 0), count(2, HOUR, 1));
        let ask = Increment { n: 0, ..one };
        assert!(is_taken(&take(&*counters, &[ask], BEGIN).await), "{name}");
        take(&*counters, &[one, full], BEGIN).await;
        let (which, wait) = refused(take(&*counters, &[one, full], BEGIN).await);
        assert!(which == 1 && wait >= HOUR, "{name}: the longer one is told");
        let later = BEGIN + SECOND * 40;
        refused(take(&*counters, &[one, full], later).await);
        assert!(is_taken(&take(&*counters, &[ask], later).await), "{name}: and nothing counted");
    }
}

#[tokio::test]
async fn nobody_waits_for_what_was_given_back_or_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let (one, two) = (spaced(1, 0), spaced(2, 0));
        let TakeOutcome::Taken(counted) = take(&*counters, &[one, two], BEGIN).await else {
            panic!()
        };
        counters.give_back(&[one], counted.at).await.expect("done");
        counters.clear(two.key, DAY).await.expect("done");
        if !name.ends_with("together") {
            assert!(is_taken(&take(&*counters, &[one, two], BEGIN).await), "{name}");
        }
    }
}

#[tokio::test]
async fn after_a_restart_nobody_comes_too_early() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = database(&folder).await;
    let open = || {
        PersistentCounters::open(
            Arc::clone(&store),
            CounterCapacity::default(),
            BEGIN + SECOND * 40,
        )
    };
    let before = open().await.expect("counters");
    take(&before, &[spaced(1, -10)], BEGIN).await;
    take(&before, &[spaced(1, -10)], BEGIN + SECOND * 40).await;
    drop(before);
    let after = open().await.expect("counters");
    let (_, wait) = refused(take(&after, &[spaced(1, 0)], BEGIN + SECOND * 40).await);
    assert_eq!(wait, SECOND * 66, "what was drawn is forgotten: the longest that could be");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let counters = Arc::clone(&counters);
            tasks.spawn(async move { is_taken(&take(&*counters, &[spaced(1, -10)], BEGIN).await) });
        }
        let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 1, "{name}");
    }
}

/// Far more than are kept one by one: what is told is never longer than the window.
#[tokio::test]
async fn no_wait_is_longer_than_the_window() {
    let counters = MemoryCounters::default();
    let many = count(1, HOUR, 300);
    for n in 0..300 {
        take(&counters, &[many], BEGIN + Duration::from_millis(n * 7_001)).await;
    }
    let now = BEGIN + Duration::from_millis(300 * 7_001);
    let (_, wait) = refused(take(&counters, &[many], now).await);
    assert!(wait <= HOUR, "{wait:?}");
    assert!(is_taken(&take(&counters, &[many], now + wait).await), "and true");

    let counters = MemoryCounters::default();
    for _ in 0..300 {
        take(&counters, &[many], BEGIN).await;
    }
    assert_eq!(refused(take(&counters, &[many], BEGIN).await).1, HOUR);
    let counters = MemoryCounters::default();
    for n in 0..300 {
        take(&counters, &[many], BEGIN + Duration::from_millis(n)).await;
        let ask = Increment { n: 0, most: 1, ..many };
        let wait = refused(take(&counters, &[ask], BEGIN + Duration::from_millis(n)).await).1;
        assert!(wait <= HOUR, "{wait:?} after {n}");
    }
}
