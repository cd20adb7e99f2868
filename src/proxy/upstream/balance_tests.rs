//! Which address of a pool is chosen.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::hash;
use super::pool::{UpstreamPool, Wish};
use super::target::Chosen;
use super::tests::pool;
use crate::gate::Balance;

const NOBODY: Wish<'_> = Wish { affinity: 0, failed: None };

fn where_to(pool: &UpstreamPool, wish: Wish<'_>) -> String {
    pool.choose(wish).expect("an address").0.route.place.to_string()
}

fn eject(pool: &UpstreamPool, index: usize) {
    assert!(pool.targets()[index].back_off.eject());
}

fn spread(pool: &UpstreamPool, count: u64) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for n in 0..count {
        let affinity = hash(&n.to_be_bytes());
        *found.entry(where_to(pool, Wish { affinity, failed: None })).or_default() += 1;
    }
    found
}

#[test]
fn each_has_its_turn_and_a_retry_takes_none() {
    let pool = pool(Balance::RoundRobin, 3);
    let mut failed: Option<Chosen> = None;
    let mut first = Vec::new();
    for _ in 0..6 {
        let chosen = pool.choose(NOBODY).expect("an address");
        let retried = Wish { affinity: 0, failed: Some(&chosen) };
        let other = pool.choose(retried).expect("another");
        assert!(!Arc::ptr_eq(&chosen.0, &other.0));
        first.push(chosen.0.route.place.to_string());
        failed = Some(chosen);
    }
    drop(failed);
    assert_eq!(first[..3], first[3..]);
    assert_eq!(spread(&pool, 300).into_values().collect::<Vec<_>>(), [100, 100, 100]);
}

#[test]
fn one_that_does_not_work_is_left_out_and_all_are_tried_when_none_does() {
    for balance in [Balance::RoundRobin, Balance::LeastConnections, Balance::Session] {
        let pool = pool(balance, 3);
        eject(&pool, 1);
        assert_eq!(spread(&pool, 90).len(), 2, "{balance:?}");
        assert!(!pool.targets()[2].checked(false) && pool.targets()[2].checked(false));
        assert_eq!(spread(&pool, 90).len(), 1, "{balance:?}");
        eject(&pool, 0);
        assert_eq!(spread(&pool, 90).len(), 3, "{balance:?}");
        assert!(pool.targets()[1].back_off.readmit());
        assert_eq!(spread(&pool, 90).len(), 1, "{balance:?}");
    }
}

#[test]
fn the_one_with_the_fewest_connections_is_chosen() {
    let pool = pool(Balance::LeastConnections, 2);
    let held: Vec<Chosen> = (0..10).filter_map(|_| pool.choose(NOBODY)).collect();
    let open = || pool.targets().iter().map(|target| target.open()).collect::<Vec<_>>();
    assert_eq!(open(), [5, 5]);
    let (kept, ended): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|held| Arc::ptr_eq(&held.0, &pool.targets()[0]));
    drop(ended);
    assert_eq!(open(), [5, 0]);
    for _ in 0..5 {
        std::mem::forget(pool.choose(NOBODY));
    }
    assert_eq!(open(), [5, 5]);
    drop(kept);
    assert_eq!(open(), [0, 5]);
}

#[test]
fn only_the_sessions_of_one_that_fails_move_and_they_come_back() {
    let pool = pool(Balance::Session, 3);
    let session = |n: u64| Wish { affinity: hash(&n.to_be_bytes()), failed: None };
    let all = || (0..3000).map(|n| where_to(&pool, session(n))).collect::<Vec<_>>();
    let before = all();
    assert_eq!(before, all(), "of one session, every time");
    for count in spread(&pool, 3000).into_values() {
        assert!((800..1200).contains(&count), "{count}");
    }
    let gone = pool.targets()[0].route.place.to_string();
    eject(&pool, 0);
    for (before, after) in before.iter().zip(all()) {
        assert!((*before == gone) != (*before == after), "{before} {after}");
    }
    assert!(pool.targets()[0].back_off.readmit());
    assert_eq!(before, all());
}

#[test]
fn what_failed_is_sent_elsewhere_however_requests_are_spread() {
    for balance in [Balance::RoundRobin, Balance::LeastConnections, Balance::Session] {
        let pool = pool(balance, 3);
        for affinity in 0..20 {
            let first = pool.choose(Wish { affinity, failed: None }).expect("an address");
            let next = pool.choose(Wish { affinity, failed: Some(&first) }).expect("another");
            assert_ne!(first.address(), next.address(), "{balance:?}");
        }
    }
}
