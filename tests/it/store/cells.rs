//! What every store of cells promises, and what is built on one when a value is none of ours.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{AttemptKey, CounterKey};
use doorcode::store::{
    AttemptStore as _, CellKey, CellStore, CounterStore as _, Increment, SharedAttempts,
    SharedCounters, SharedTickets, StoreError, TicketStore as _,
};
use doorcode::system::Timestamp;

use super::{attempts, tickets};
use crate::support::databases;
use crate::support::memory_totals::MemoryTotals;
use crate::support::redis_server::shared_cells;

const LONG: Duration = Duration::from_mins(1);

/// One row a backend.
async fn backends() -> Vec<(&'static str, Arc<dyn CellStore>)> {
    let [file] = databases::cells(databases::sqlite().await).await;
    let [server] = databases::cells(databases::postgresql().await).await;
    vec![("redis", shared_cells().await), ("sqlite", file), ("postgresql", server)]
}

fn key(n: u8) -> CellKey {
    CellKey::attempt(AttemptKey::from_bytes([n; 32]))
}

#[tokio::test]
async fn a_value_is_swapped_only_for_the_one_that_is_there() {
    // Bytes that no text has, and nothing at all, which differs from no value.
    let long = vec![7; 20_000];
    let values: [Option<&[u8]>; 5] =
        [None, Some(b""), Some(b"0"), Some(b"\xff\x00\r\n"), Some(&long)];
    for (name, cells) in backends().await {
        for present in values {
            for old in values {
                for new in values {
                    let before = cells.get(&key(1)).await.unwrap();
                    assert!(cells.swap(&key(1), before.as_deref(), present, LONG).await.unwrap());
                    let swapped = cells.swap(&key(1), old, new, LONG).await.unwrap();
                    assert_eq!(swapped, old == present, "{name}");
                    let expected = if swapped { new } else { present };
                    assert_eq!(cells.get(&key(1)).await.unwrap().as_deref(), expected, "{name}");
                }
            }
        }
        assert_eq!(cells.get(&key(2)).await.unwrap(), None, "{name}: of another key");
    }
}

#[tokio::test]
async fn a_value_is_taken_once() {
    for (name, cells) in backends().await {
        assert_eq!(cells.take(&key(1)).await.unwrap(), None, "{name}");
        assert!(cells.swap(&key(1), None, Some(b"one"), LONG).await.unwrap());
        assert_eq!(cells.take(&key(1)).await.unwrap().as_deref(), Some(&b"one"[..]), "{name}");
        assert_eq!(cells.take(&key(1)).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn a_value_is_gone_when_its_life_is_over_and_each_swap_gives_a_new_one() {
    for (name, cells) in backends().await {
        let short = Duration::from_millis(300);
        assert!(cells.swap(&key(1), None, Some(b"one"), short).await.unwrap());
        assert!(cells.swap(&key(2), None, Some(b"one"), short).await.unwrap());
        assert!(cells.swap(&key(2), Some(b"one"), Some(b"two"), LONG).await.unwrap());
        assert!(cells.swap(&key(3), None, Some(b"one"), Duration::ZERO).await.unwrap());
        tokio::time::sleep(short * 2).await;
        assert_eq!(cells.get(&key(1)).await.unwrap(), None, "{name}");
        assert_eq!(cells.get(&key(2)).await.unwrap().as_deref(), Some(&b"two"[..]), "{name}");
        assert_eq!(cells.get(&key(3)).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn keys_of_different_kinds_and_windows_differ() {
    let (ticket, counter) = (tickets::KEY, CounterKey::from_bytes([1; 16]));
    let keys = [
        CellKey::attempt(AttemptKey::from_bytes(*ticket.as_bytes())),
        CellKey::handover_ticket(ticket),
        CellKey::login_ticket(ticket),
        CellKey::counter(counter, LONG),
        CellKey::counter(counter, LONG * 2),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(keys.iter().position(|other| other.to_string() == key.to_string()), Some(at));
    }
}

fn is_unreadable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::BadCell { .. }))
}

/// Each with one thing wrong.
fn broken(good: &str) -> Vec<String> {
    let mut all: Vec<String> = ["", "null", "{}", "[]", "\u{1}"].map(str::to_owned).to_vec();
    all.push(good.replace("\"version\":1", "\"version\":2"));
    all.push(good[..good.len() - 1].to_owned());
    all.push(format!("{good} {good}"));
    all.push(good.replacen("\"value\":{", "\"value\":{\"more\":1,", 1));
    all
}

async fn put(cells: &dyn CellStore, key: &CellKey, value: &str) {
    let before = cells.get(key).await.unwrap();
    let put = cells.swap(key, before.as_deref(), Some(value.as_bytes()), LONG).await;
    assert!(put.unwrap());
}

async fn text(cells: &dyn CellStore, key: &CellKey) -> String {
    String::from_utf8(cells.get(key).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn an_unreadable_attempt_is_an_error_and_no_step_sees_it() {
    let cells = shared_cells().await;
    let (store, key) = (SharedAttempts::new(cells.clone()), CellKey::attempt(attempts::KEY));
    let attempt = attempts::attempt();
    let mut begin = |_: Option<&_>| doorcode::store::AttemptUpdate::Put(attempt.clone());
    store.update(attempts::KEY, &mut begin).await.unwrap();
    let good = text(&*cells, &key).await;
    let mut all = broken(&good);
    for (is, wrong) in [("\"length\":6", "\"length\":5"), ("0202", "02"), ("\"used\":null,", "")] {
        assert!(good.contains(is), "{is} in {good}");
        all.push(good.replacen(is, wrong, 1));
    }
    for value in all {
        put(&*cells, &key, &value).await;
        assert!(is_unreadable(&store.get(attempts::KEY).await), "{value}");
        let mut never = |_: Option<&_>| panic!("decided on {value}");
        assert!(is_unreadable(&store.update(attempts::KEY, &mut never).await), "{value}");
    }
}

#[tokio::test]
async fn an_unreadable_ticket_opens_nothing_and_is_spent() {
    let cells = shared_cells().await;
    let (store, key) =
        (SharedTickets::handover(cells.clone()), CellKey::handover_ticket(tickets::KEY));
    store.put(tickets::KEY, tickets::handover("/", None)).await.unwrap();
    let good = text(&*cells, &key).await;
    let mut all = broken(&good);
    all.push(good.replacen("https://", "ftp://", 1));
    all.push(good.replacen("\"path\":\"/\"", "\"path\":\"//evil.example\"", 1));
    for value in all {
        put(&*cells, &key, &value).await;
        assert!(is_unreadable(&store.take(tickets::KEY).await), "{value}");
        assert!(store.take(tickets::KEY).await.unwrap().is_none(), "{value}");
    }
}

#[tokio::test]
async fn an_unreadable_counter_lets_nothing_through() {
    let short = shared_cells().await;
    let store = SharedCounters::new(short.clone(), Arc::new(MemoryTotals::default()));
    let counter = CounterKey::from_bytes([1; 16]);
    let one = Increment { key: counter, window: LONG, most: 9, n: 1, spacing: None };
    let now = Timestamp::from_millis(1_767_225_600_000);
    store.take(&[one], now).await.unwrap();
    let key = CellKey::counter(counter, LONG);
    let good = text(&*short, &key).await;
    let mut all = broken(&good);
    all.push(good.replacen("[1767225600000,1]", "", 1));
    all.push(good.replacen("[1767225600000,1]", "[1767225600000,0]", 1));
    all.push(good.replacen("[1767225600000,1]", "[1767225600000,1],[5,1]", 1));
    all.push(good.replacen("\"newest\":1767225600000", "\"newest\":9223372036854775807", 1));
    all.push(good.replacen("\"newest\":1767225600000", "\"newest\":5", 1));
    all.push(good.replacen("\"jitter\":10", "\"jitter\":-128", 1));
    for value in all {
        assert_ne!(value, good);
        put(&*short, &key, &value).await;
        assert!(is_unreadable(&store.take(&[one], now).await), "{value}");
        assert!(is_unreadable(&store.take(&[Increment { n: 0, ..one }], now).await), "{value}");
        assert!(is_unreadable(&store.give_back(&[one], now).await), "{value}");
    }
}
