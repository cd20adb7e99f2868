//! Texts whose codes nobody uses: somebody earns by them.
use std::time::Duration;

use super::HOUR;
use super::world::{HOME, Outcome, Visitor, World, attacker, number};
use crate::support::settings::ADA;

const PAUSE: &str = "conversion_pause_of_country";

/// One burst: each start from another address and for another number, far from the one before.
async fn burst(world: &mut World, numbers: std::ops::Range<u32>) -> Outcome {
    let mut outcome = Outcome::default();
    for n in numbers {
        world.start(attacker(n), &number(n), &mut outcome).await;
    }
    outcome
}

#[tokio::test]
async fn a_burst_that_comes_again_each_hour_needs_proofs_and_then_gets_no_texts() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR);
    let mut met = Vec::new();
    for n in 0..5 {
        let outcome = burst(&mut world, 100 * n..100 * n + 100).await;
        met.push((outcome.taken, outcome.proofs));
        match n {
            0 => world = world.restart().await,
            2 => assert!(owner.sign_in(&world).await, "the owner"),
            _ => {}
        }
        if outcome.taken == 0 {
            outcome.ends_at(0, PAUSE);
        }
        world.inner.pass(Duration::from_mins(63));
    }
    // A pause ends after an hour; that a proof is asked for does not.
    assert_eq!(met, [(100, 0), (100, 100), (0, 0), (100, 100), (0, 0)]);
}

#[tokio::test]
async fn who_is_slow_and_solves_no_puzzle_gets_fifty_texts_in_a_day() {
    let mut world = World::new(&[]).await;
    let mut outcome = Outcome::default();
    for n in 0..72 {
        if n == 36 {
            world = world.restart().await;
        }
        world.inner.pass(Duration::from_mins(20));
        world.start_without_proof(attacker(n), &number(n), &mut outcome).await;
    }
    assert_eq!((outcome.taken, outcome.asked), (50, 22), "{outcome:?}");
}

#[tokio::test]
async fn numbers_in_a_row_need_proofs_and_then_get_no_texts() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, "+12025550123").await;
    world.inner.pass(HOUR * 25);
    let mut outcome = Outcome::default();
    for n in 0..14 * 6 {
        world.start(attacker(n), &format!("+12025550{:03}", 200 + n), &mut outcome).await;
        if n % 6 == 5 {
            world.inner.pass(Duration::from_mins(10));
        }
    }
    assert_eq!((outcome.taken, outcome.proofs), (40, 20), "{outcome:?}");
    let limits = ["conversion_pause_of_number_block", "texts_per_number_block_10m"];
    assert!(outcome.refused.keys().eq(limits.iter()), "{outcome:?}");
    assert!(owner.sign_in(&world).await, "the owner of a number of that block");
}

/// A server shows no proof: what it asks for pauses nobody, and a pause is for it too.
#[tokio::test]
async fn a_server_pauses_nobody_before_there_were_proofs_and_is_paused_with_all() {
    let mut world = World::new(&[]).await;
    burst(&mut world, 0..60).await;
    world.inner.pass(Duration::from_mins(63));
    let mut server = Outcome::default();
    for n in 100..160 {
        world.start_of_server(&number(n), &mut server).await;
    }
    assert_eq!(server, Outcome { taken: 60, ..Outcome::default() });
    world.inner.pass(Duration::from_mins(63));
    let strangers = burst(&mut world, 200..260).await;
    assert_eq!((strangers.taken, strangers.proofs), (60, 60), "{strangers:?}");
    world.inner.pass(Duration::from_mins(11));
    let mut server = Outcome::default();
    world.start_of_server(&number(300), &mut server).await;
    server.ends_at(0, PAUSE);
}
