//! Strangers use up all the texts that they may have.
use super::HOUR;
use super::world::number_of_three_countries;
use super::world::{COUNTRIES, HOME, Outcome, Visitor, World, attacker, number};
use crate::support::settings::ADA;

/// Ten starts from each of thirty addresses, as in ten minutes, to numbers of three countries.
async fn thirty_addresses(world: &mut World, outcome: &mut Outcome) {
    for n in 0..300 {
        world.start(attacker(n / 10), &number_of_three_countries(n), outcome).await;
    }
}

#[tokio::test]
async fn a_known_browser_gets_in_when_thirty_addresses_have_spent_what_strangers_may() {
    let mut world = World::new(&[COUNTRIES]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR * 25);
    let mut outcome = Outcome::default();
    thirty_addresses(&mut world, &mut outcome).await;
    outcome.ends_at(225, "texts_1h");
    assert!(Visitor::new(HOME, "+447400123457").ask(&world).await.is_none(), "a stranger");

    let mut world = world.restart().await;
    let mut outcome = Outcome::default();
    thirty_addresses(&mut world, &mut outcome).await;
    outcome.ends_at(0, "texts_1h");
    assert!(owner.sign_in(&world).await, "the owner");
}

#[tokio::test]
async fn without_a_reserve_strangers_may_have_everything() {
    let settings = [("[login]", "[limits]\nreserve = 0\ntexts_1h = 20\n[login]")];
    let mut world = World::new(&settings).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR);
    let mut outcome = Outcome::default();
    for n in 0..30 {
        world.start(attacker(n), &number(n), &mut outcome).await;
    }
    outcome.ends_at(20, "texts_1h");
    assert!(owner.ask(&world).await.is_none());
}
