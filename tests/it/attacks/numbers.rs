//! Texts that somebody else pays for: many numbers, in a row or of one country.
use super::HOUR;
use super::world::{HOME, Outcome, Visitor, World, attacker, number};

#[tokio::test]
async fn fifty_consecutive_numbers_end_at_the_limit_of_their_block() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, "+12025550123").await;
    world.inner.pass(HOUR);
    let mut outcome = Outcome::default();
    for n in 0..50 {
        if n == 25 {
            world = world.restart().await;
        }
        world.start(attacker(n), &format!("+12025550{:03}", 200 + n), &mut outcome).await;
    }
    outcome.ends_at(5, "texts_per_number_block_10m");
    assert!(owner.sign_in(&world).await, "the owner of a number of that block");
}

#[tokio::test]
async fn the_texts_of_one_country_end_before_those_of_all() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, "+12025550123").await;
    world.inner.pass(HOUR);
    let mut outcome = Outcome::default();
    for n in 0..150 {
        if n == 75 {
            world = world.restart().await;
        }
        world.start(attacker(n), &number(n), &mut outcome).await;
    }
    outcome.ends_at(100, "texts_per_country_1h");
    let mut elsewhere = Outcome::default();
    world.start(attacker(200), "+447400123456", &mut elsewhere).await;
    assert_eq!(elsewhere.taken, 1, "another country");
    assert!(owner.sign_in(&world).await, "the owner of a number of that country");
}
