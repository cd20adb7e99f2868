//! Codes that are guessed: one try for each of many numbers, and all tries for one.
use std::time::Duration;

use doorcode::login::Verdict;

use super::HOUR;
use super::world::{COUNTRIES, HOME, Outcome, Visitor, World, attacker, number_of_three_countries};
use crate::support::browser::unlike;
use crate::support::settings::ADA;

/// One guess for each of so many numbers from so many addresses, as in a moment: how many were
/// compared with a code.
async fn guess_each(world: &mut World, phones: u32, addresses: u32) -> (Outcome, u32) {
    let (mut outcome, mut compared) = (Outcome::default(), 0);
    for n in 0..phones {
        let (address, phone) = (attacker(n % addresses), number_of_three_countries(n));
        let who = world.start(address, &phone, &mut outcome).await;
        let verdict = world.guess(address, who, &phone, "000000").await;
        compared += u32::from(matches!(verdict, Verdict::Wrong { .. } | Verdict::Right(_)));
    }
    (outcome, compared)
}

async fn one_guess_for_each(phones: u32, addresses: u32) {
    let mut world = World::new(&[COUNTRIES]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR * 25);
    let (outcome, compared) = guess_each(&mut world, phones / 2, addresses).await;
    assert_eq!((outcome.taken, compared), (225, 225), "{outcome:?}");
    let mut world = world.restart().await;
    let (outcome, compared) = guess_each(&mut world, phones / 2, addresses).await;
    outcome.ends_at(0, "texts_1h");
    assert_eq!(compared, 0);
    assert!(owner.sign_in(&world).await, "the owner");
}

#[tokio::test]
async fn one_guess_for_each_of_a_thousand_numbers_ends_with_the_texts_of_all() {
    Box::pin(one_guess_for_each(1_000, 50)).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn one_guess_for_each_of_ten_thousand_numbers_ends_with_the_texts_of_all() {
    Box::pin(one_guess_for_each(10_000, 500)).await;
}

#[tokio::test]
async fn who_guesses_for_one_number_does_not_lock_out_its_owner() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR * 25);
    let (mut outcome, mut wrong, mut ended) = (Outcome::default(), 0, Vec::new());
    for n in 0..6 {
        let who = world.start(attacker(n), ADA, &mut outcome).await;
        let text = world.inner.texts(ADA).pop().expect("a text");
        let code = text.split(' ').next().expect("a code");
        for guess in 0..3 {
            match world.guess(attacker(n), who, ADA, &unlike(code, guess)).await {
                Verdict::Limited(limited) => {
                    wrong += 1;
                    ended.push(limited.row.key);
                    break;
                }
                Verdict::Wrong { .. } => wrong += 1,
                other => panic!("{other:?}"),
            }
        }
        if n == 0 {
            world = world.restart().await;
        }
        // After five wrong codes, the 15 minutes that these count for.
        world.inner.pass(Duration::from_mins(if n == 0 { 6 } else { 16 }));
        if ended.len() == 2 {
            break;
        }
    }
    assert_eq!(ended, ["wrong_codes_per_number_15m", "wrong_codes_per_number_24h"]);
    assert_eq!(wrong, 10);
    world.start(attacker(7), ADA, &mut outcome).await;
    assert!(outcome.refused.contains_key("wrong_codes_per_number_24h"), "{outcome:?}");
    assert!(owner.sign_in(&world).await, "the owner");
}
