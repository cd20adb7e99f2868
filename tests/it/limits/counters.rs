//! Any counters: what they promise, against a model that forgets nothing.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::CounterKey;
use doorcode::store::{
    CounterCapacity, CounterStore, Database, Increment, MemoryCounters, PersistentCounters,
    SharedCounters, SqlStore, TakeOutcome,
};
use doorcode::system::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{HOUR, MINUTE};
use crate::support::contacts::contact_keys;
use crate::support::memory_cells::MemoryCells;
use crate::support::memory_totals::MemoryTotals;
use crate::support::redis_server::shared_cells;

pub(super) const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub(super) fn key(n: u32) -> CounterKey {
    let digest = doorcode::domain::sha256(&n.to_be_bytes());
    CounterKey::from_bytes(digest[..16].try_into().expect("16 bytes"))
}

pub(super) fn count(n: u32, window: Duration, most: u32) -> Increment {
    Increment { key: key(n), window, most, n: 1, spacing: None }
}

pub(super) async fn take(
    counters: &dyn CounterStore,
    counts: &[Increment],
    now: Timestamp,
) -> TakeOutcome {
    counters.take(counts, now).await.expect("an answer")
}

#[track_caller]
pub(super) fn refused(take: TakeOutcome) -> (usize, Duration) {
    match take {
        TakeOutcome::Refused { which, retry_after } => (which, retry_after),
        TakeOutcome::Taken(counted) => panic!("taken, {:?} left", counted.left),
    }
}

#[track_caller]
fn left(take: TakeOutcome) -> Vec<u32> {
    match take {
        TakeOutcome::Taken(counted) => counted.left,
        TakeOutcome::Refused { .. } => panic!("{take:?}"),
    }
}

pub(super) async fn database(folder: &TempDir) -> Arc<SqlStore> {
    let database = Database::Sqlite(folder.path().join("counters.db"));
    Arc::new(SqlStore::open(&database, contact_keys()).await.expect("a database"))
}

/// Every backend there is, and memory that has no room for a key of its own.
pub(super) async fn every(folder: &TempDir) -> Vec<(&'static str, Arc<dyn CounterStore>)> {
    let small = CounterCapacity { keys: 0, cells: 1 << 14 };
    let kept =
        PersistentCounters::open(database(folder).await, CounterCapacity::default(), BEGIN).await;
    vec![
        ("memory", Arc::new(MemoryCounters::default())),
        ("memory, counted together", Arc::new(MemoryCounters::sized(small))),
        ("kept", Arc::new(kept.expect("counters"))),
        ("shared", Arc::new(SharedCounters::new(shared_cells().await, database(folder).await))),
    ]
}

#[tokio::test]
async fn so_many_are_taken_in_a_window_and_not_one_more() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let five = count(1, HOUR, 5);
        for n in 0..5 {
            let now = BEGIN + MINUTE * n;
            assert_eq!(left(take(&*counters, &[five], now).await), [4 - n], "{name}");
        }
        let (_, wait) = refused(take(&*counters, &[five], BEGIN + MINUTE * 10).await);
        assert!(wait >= MINUTE * 50, "{name}: {wait:?} is too soon");
        let then = BEGIN + MINUTE * 10 + wait;
        assert!(matches!(take(&*counters, &[five], then).await, TakeOutcome::Taken(_)), "{name}");
    }
}

#[tokio::test]
async fn few_keys_are_counted_to_the_moment() {
    let counters = MemoryCounters::default();
    let two = count(1, HOUR, 2);
    take(&counters, &[two], BEGIN).await;
    take(&counters, &[two], BEGIN + MINUTE).await;
    let millisecond = Duration::from_millis(1);
    let early = BEGIN + HOUR - millisecond;
    assert_eq!(refused(take(&counters, &[two], early).await), (0, millisecond));
    assert_eq!(left(take(&counters, &[two], BEGIN + HOUR).await), [0]);
    assert_eq!(refused(take(&counters, &[two], BEGIN + HOUR).await), (0, MINUTE));
}

#[tokio::test]
async fn all_are_taken_or_none_and_the_longest_wait_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let (free, full, fuller) = (count(1, HOUR, 9), count(2, HOUR, 1), count(3, MINUTE, 1));
        take(&*counters, &[full, fuller], BEGIN).await;
        let (which, _) = refused(take(&*counters, &[free, fuller, full], BEGIN).await);
        assert_eq!(which, 2, "{name}: the hour");
        assert_eq!(left(take(&*counters, &[free], BEGIN).await), [8], "{name}");
    }
}

#[tokio::test]
async fn zero_asks_and_takes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let one = count(1, HOUR, 1);
        let ask = Increment { n: 0, ..one };
        assert_eq!(left(take(&*counters, &[ask], BEGIN).await), [1], "{name}");
        assert_eq!(left(take(&*counters, &[one], BEGIN).await), [0], "{name}");
        refused(take(&*counters, &[ask], BEGIN).await);
    }
}

#[tokio::test]
async fn what_is_given_back_may_be_taken_again_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let two = count(1, HOUR, 2);
        take(&*counters, &[two], BEGIN).await;
        let TakeOutcome::Taken(counted) = take(&*counters, &[two], BEGIN + MINUTE).await else {
            panic!("{name}")
        };
        counters.give_back(&[two], counted.at).await.expect("done");
        if !name.ends_with("together") {
            assert_eq!(left(take(&*counters, &[two], BEGIN + MINUTE).await), [0], "{name}");
        }
        refused(take(&*counters, &[two], BEGIN + MINUTE).await);
    }
}

#[tokio::test]
async fn a_count_of_its_own_is_cleared() {
    let counters = MemoryCounters::default();
    let one = count(1, HOUR, 1);
    take(&counters, &[one], BEGIN).await;
    counters.clear(one.key, HOUR).await.expect("done");
    assert_eq!(left(take(&counters, &[one], BEGIN).await), [0]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_clears_a_count_nor_holds_it_for_years() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let one = count(1, HOUR, 1);
        let years = Duration::from_hours(24 * 3650);
        take(&*counters, &[one], BEGIN + years).await;
        let (_, wait) = refused(take(&*counters, &[one], BEGIN).await);
        assert!(wait <= HOUR + HOUR / 4, "{name}: {wait:?}");
        refused(take(&*counters, &[one], BEGIN + MINUTE * 59).await);
        assert!(
            matches!(take(&*counters, &[one], BEGIN + wait).await, TakeOutcome::Taken(_)),
            "{name}"
        );
    }
}

/// If each key raised all of its cells, 190 of these would be at their limit.
#[tokio::test]
async fn six_keys_to_a_cell_bring_no_other_key_to_a_limit_of_five() {
    let counters = MemoryCounters::sized(CounterCapacity { keys: 0, cells: 1000 });
    for n in 0..6000 {
        take(&counters, &[count(n, HOUR, 100)], BEGIN).await;
    }
    for n in 6000..7000 {
        let question = Increment { n: 0, ..count(n, HOUR, 5) };
        left(take(&counters, &[question], BEGIN).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_takes_never_exceed_a_limit_together() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, counters) in every(&folder).await {
        let five = count(1, HOUR, 5);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let counters = Arc::clone(&counters);
            tasks.spawn(async move {
                matches!(take(&*counters, &[five], BEGIN).await, TakeOutcome::Taken(_))
            });
        }
        let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 5, "{name}");
    }
}

/// One that is counted in cells, and one that is counted in the database.
const WINDOWS: &[Duration] = &[MINUTE.saturating_mul(59), HOUR];

#[derive(Clone, Debug)]
enum Act {
    Take {
        key: u32,
        most: u32,
    },
    Pass(i64),
    /// The clock of the machine is set back.
    SetBack(i64),
    /// Of what is counted now, the one that this falls on.
    GiveBack(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..12_u32, 1..40_u32).prop_map(|(key, most)| Act::Take { key, most }),
        3 => (0..900_000_i64).prop_map(Act::Pass),
        1 => (0..9_000_000_i64).prop_map(Act::SetBack),
        1 => any::<usize>().prop_map(Act::GiveBack),
    ];
    prop::collection::vec(act, 1..400)
}

/// When each key was counted, exactly, by a clock that only runs on.
#[derive(Default)]
struct Model {
    counted: Vec<(u32, i64, Timestamp)>,
    passed: i64,
}

impl Model {
    /// In the last `window`.
    fn held(&self, key: u32, window: Duration) -> usize {
        let window = i64::try_from(window.as_millis()).expect("short");
        let live = |(of, at, _): &&(u32, i64, Timestamp)| *of == key && self.passed < at + window;
        self.counted.iter().filter(live).count()
    }
}

/// Does what `acts` say, and fails if too little is counted. `exact`: also if too much is, as far as
/// no log has more entries than it keeps apart.
async fn follow(
    counters: &dyn CounterStore,
    acts: Vec<Act>,
    (window, exact): (Duration, bool),
) -> Result<(), TestCaseError> {
    let (mut model, mut wall) = (Model::default(), BEGIN);
    for act in acts {
        match act {
            Act::Take { key, most } => {
                let held = model.held(key, window);
                let take = take(counters, &[count(key, window, most)], wall).await;
                if let TakeOutcome::Taken(counted) = take {
                    prop_assert!(held < most as usize, "{key} of {most}");
                    let left = most as usize - held - 1;
                    prop_assert!(counted.left[0] as usize <= left, "told too many are left");
                    model.counted.push((key, model.passed, counted.at));
                } else if exact && most <= 30 {
                    prop_assert!(held >= most as usize, "{key} of {most}");
                }
            }
            Act::Pass(millis) => {
                model.passed += millis;
                wall = Timestamp::from_millis(wall.as_millis() + millis);
            }
            Act::SetBack(millis) => {
                // The counters see the clock only when they are asked.
                take(counters, &[], wall).await;
                wall = Timestamp::from_millis(wall.as_millis() - millis);
                take(counters, &[], wall).await;
            }
            Act::GiveBack(which) if !model.counted.is_empty() => {
                let which = which % model.counted.len();
                let (key, _, at) = model.counted.swap_remove(which);
                counters.give_back(&[count(key, window, 1)], at).await.expect("done");
            }
            Act::GiveBack(_) => {}
        }
    }
    Ok(())
}

/// The same by several nodes in turn, each with a clock of its own, as many seconds ahead as `ahead`
/// says: a window may be shorter by the difference, and nothing else.
async fn follow_in_turn(
    acts: Vec<Act>,
    ahead: [u32; 3],
    window: Duration,
) -> Result<(), TestCaseError> {
    let (cells, totals) = (Arc::new(MemoryCells::default()), Arc::new(MemoryTotals::default()));
    let nodes = ahead.map(|_| SharedCounters::new(cells.clone(), totals.clone()));
    let second = Duration::from_secs(1);
    let (fewest, most_ahead) = (ahead.iter().min(), ahead.iter().max());
    let difference = second * (most_ahead.expect("nodes") - fewest.expect("nodes"));
    let (mut model, mut wall) = (Model::default(), BEGIN);
    for (turn, act) in acts.into_iter().enumerate() {
        let node = &nodes[turn % nodes.len()];
        let now = wall + second * ahead[turn % nodes.len()];
        match act {
            Act::Take { key, most } => {
                let taken = take(node, &[count(key, window, most)], now).await;
                let held = model.held(key, window.saturating_sub(difference));
                if let TakeOutcome::Taken(counted) = taken {
                    prop_assert!(held < most as usize, "{key} of {most}");
                    model.counted.push((key, model.passed, counted.at));
                } else if most <= 30 {
                    let held = model.held(key, window + difference);
                    prop_assert!(held >= most as usize, "{key} of {most}: refused for too long");
                }
            }
            Act::Pass(millis) | Act::SetBack(millis) => {
                model.passed += millis;
                wall = Timestamp::from_millis(wall.as_millis() + millis);
            }
            // Only the node that counted something gives it back.
            Act::GiveBack(_) => {}
        }
    }
    Ok(())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counters_may_count_too_much_but_never_too_little(
        acts in acts(),
        keys in prop::sample::select(vec![0_usize, 3, 100]),
        cells in prop::sample::select(vec![1_usize, 4, 1024]),
    ) {
        let room = CounterCapacity { keys, cells };
        let counters = MemoryCounters::sized(room);
        runtime().block_on(follow(&counters, acts, (HOUR, keys == 100)))?;
        prop_assert!(counters.bytes() <= room.most_bytes());
    }

    #[test]
    fn shared_counters_count_as_those_in_memory_do(
        acts in acts(),
        window in prop::sample::select(WINDOWS),
    ) {
        let (cells, totals) = (MemoryCells::default(), MemoryTotals::default());
        let counters = SharedCounters::new(Arc::new(cells), Arc::new(totals));
        runtime().block_on(follow(&counters, acts, (window, true)))?;
    }

    #[test]
    fn the_clocks_of_nodes_change_a_window_by_no_more_than_they_differ(
        acts in acts(),
        ahead in [0..30_u32, 0..30_u32, 0..30_u32],
        window in prop::sample::select(WINDOWS),
    ) {
        runtime().block_on(follow_in_turn(acts, ahead, window))?;
    }
}
