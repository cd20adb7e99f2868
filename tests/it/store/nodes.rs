//! Several nodes on one Redis server or one database: together they let through no more than one would.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{AnswerDigest, CounterKey};
use doorcode::store::{
    Attempt, AttemptStore, AttemptUpdate, Backoff, CellStore, Counted, CounterStore, Increment,
    SharedAttempts, SharedCounters, SharedTickets, TakeOutcome, TicketStore as _,
};
use doorcode::system::Timestamp;
use tokio::task::JoinSet;

use super::{attempts, tickets};
use crate::support::databases;
use crate::support::redis_server::shared_nodes;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The cells of two nodes, one row a backend.
async fn backends() -> Vec<(&'static str, [Arc<dyn CellStore>; 2])> {
    let server = databases::cells(databases::postgresql().await).await;
    vec![("redis", shared_nodes().await), ("postgresql", server)]
}

/// Takes a try for an answer; whether it got one.
async fn answer(node: &dyn AttemptStore, answer: u8) -> bool {
    let mut took = false;
    let mut take = |found: Option<&Attempt>| {
        let mut attempt = found.unwrap().clone();
        took = attempt.tries_left > 0;
        if !took {
            return AttemptUpdate::Keep;
        }
        attempt.tries_left -= 1;
        attempt.answers.push(AnswerDigest::from_bytes([answer; 16]));
        AttemptUpdate::Put(attempt)
    };
    node.update(attempts::KEY, &mut take).await.unwrap();
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_different_answers_over_two_nodes_exactly_three_take_a_try() {
    for (name, cells) in backends().await {
        let nodes = cells.map(|cells| Arc::new(SharedAttempts::new(cells)));
        let attempt = attempts::attempt();
        let mut begin = |_: Option<&Attempt>| AttemptUpdate::Put(attempt.clone());
        nodes[0].update(attempts::KEY, &mut begin).await.unwrap();
        let mut tasks = JoinSet::new();
        for n in 0..200_u8 {
            let node = Arc::clone(&nodes[usize::from(n % 2)]);
            tasks.spawn(async move { answer(&*node, n).await });
        }
        let took = tasks.join_all().await.into_iter().filter(|took| *took).count();
        assert_eq!(took, 3, "{name}");
        let left = nodes[1].get(attempts::KEY).await.unwrap().unwrap();
        assert_eq!((left.tries_left, left.answers.len()), (0, 3), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_100_who_hand_in_one_ticket_over_two_nodes_one_gets_it() {
    for (name, cells) in backends().await {
        let nodes = cells.map(|cells| Arc::new(SharedTickets::handover(cells)));
        nodes[0].put(tickets::KEY, tickets::handover("/", None)).await.unwrap();
        let mut tasks = JoinSet::new();
        for n in 0..100 {
            let node = Arc::clone(&nodes[n % 2]);
            tasks.spawn(async move { node.take(tickets::KEY).await.unwrap().is_some() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|took| *took).count(), 1, "{name}");
    }
}

/// The counters of two nodes on one database, and on either kind of cells.
async fn counters() -> Vec<(&'static str, [Arc<SharedCounters>; 2])> {
    let mut all = Vec::new();
    for (name, cells) in backends().await {
        let database = databases::postgresql().await;
        let mut nodes = Vec::new();
        for cells in cells {
            let totals = Arc::new(database.open().await);
            nodes.push(Arc::new(SharedCounters::new(cells, totals)));
        }
        all.push((name, nodes.try_into().unwrap_or_else(|_| panic!("two"))));
    }
    all
}

fn count(n: u8, window: Duration, most: u32) -> Increment {
    Increment { key: CounterKey::from_bytes([n; 16]), window, most, n: 1, spacing: None }
}

async fn take(node: &SharedCounters, counts: &[Increment], now: Timestamp) -> Option<Counted> {
    match node.take(counts, now).await.unwrap() {
        TakeOutcome::Taken(counted) => Some(counted),
        TakeOutcome::Refused { .. } => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_starts_over_two_nodes_as_many_are_counted_as_the_limit_says() {
    for (name, nodes) in counters().await {
        let starts: u8 = if name == "redis" { 200 } else { 50 };
        // Each start has a number of its own; the limit for all is the one that is reached.
        let mut tasks = JoinSet::new();
        for n in 0..starts {
            let node = Arc::clone(&nodes[usize::from(n % 2)]);
            let counts = [count(n, DAY, 1), count(250, MINUTE, 20), count(251, DAY, 1000)];
            tasks.spawn(async move { take(&node, &counts, NOW).await.is_some() });
        }
        let taken = tasks.join_all().await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 20, "{name}");
        let left = take(&nodes[0], &[count(251, DAY, 1000)], NOW).await.unwrap().left;
        assert_eq!(left, [1000 - 20 - 1], "what was refused is given back");
    }
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_counts_by_the_time_of_the_other() {
    let (_, [ahead, behind]) = counters().await.swap_remove(0);
    let skew = Duration::from_secs(30);
    let spacing = Backoff { first: MINUTE, longest: DAY, jitter: 0, waits: true };
    let one = Increment { spacing: Some(spacing), ..count(1, DAY, 2) };
    take(&ahead, &[one], NOW + skew).await.expect("the first");
    // To the one behind no time passes until its clock has come so far.
    let TakeOutcome::Refused { retry_after, .. } = behind.take(&[one], NOW).await.unwrap() else {
        panic!("too early")
    };
    assert_eq!(retry_after, MINUTE);
    assert!(take(&behind, &[one], NOW + MINUTE).await.is_none(), "30 s are left");
    take(&behind, &[one], NOW + skew + MINUTE).await.expect("a minute after the first");
    // The second of two in a day: the day begins with the first, by either clock.
    let plain = Increment { spacing: None, ..one };
    let early = NOW + skew + DAY - Duration::from_millis(1);
    assert!(take(&behind, &[plain], early).await.is_none());
    assert!(take(&ahead, &[plain], early).await.is_none());
    take(&behind, &[plain], NOW + skew + DAY).await.expect("a day after the first");
}

#[tokio::test]
async fn what_one_node_counted_another_gives_back_or_clears() {
    for (name, [one, other]) in counters().await {
        let (back, cleared) = (count(1, DAY, 1), count(2, MINUTE, 1));
        let counted = take(&one, &[back, cleared], NOW).await.unwrap();
        assert!(take(&other, &[back], NOW).await.is_none());
        other.give_back(&[back], counted.at).await.unwrap();
        other.clear(cleared.key, MINUTE).await.unwrap();
        assert!(take(&one, &[back, cleared], NOW).await.is_some(), "{name}");
        // With nothing left to give back, nothing happens.
        for _ in 0..2 {
            other.give_back(&[back, cleared], NOW).await.unwrap();
            other.clear(back.key, DAY).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_starts_at_once_none_fails_because_of_the_others() {
    for (name, nodes) in counters().await {
        // In cells of a database only one at a time gets through.
        let starts = if name == "redis" { 300 } else { 50 };
        let mut tasks = JoinSet::new();
        for n in 0..starts {
            let node = Arc::clone(&nodes[n % 2]);
            let all = [count(1, MINUTE, 1000), count(2, DAY, 1000)];
            tasks.spawn(async move { take(&node, &all, NOW).await.is_some() });
        }
        assert!(tasks.join_all().await.into_iter().all(|taken| taken), "{name}");
        let left = take(&nodes[0], &[count(1, MINUTE, 1000)], NOW).await.unwrap().left;
        assert_eq!(left, [999 - u32::try_from(starts).unwrap()], "{name}: each was counted");
    }
}
