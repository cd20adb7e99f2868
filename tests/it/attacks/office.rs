//! Monday morning: everybody of an office is at one address, and so may an attacker be.
use std::time::Duration;

use super::HOUR;
use super::world::{HOME, Outcome, Visitor, World, attacker, number};

const PEOPLE: u32 = 200;

/// People whose browsers know them, each of whom signed in at home some day.
async fn people(world: &World) -> Vec<Visitor> {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        if n % 50 == 0 {
            world.inner.pass(HOUR);
        }
        people.push(Visitor::known(world, attacker(n), &number(n)).await.moved_to(HOME));
    }
    people
}

#[tokio::test]
async fn two_hundred_people_of_one_office_get_in_within_ten_minutes() {
    let mut world = World::new(&[]).await;
    let mut people = people(&world).await;
    world.inner.pass(HOUR * 25);
    let mut inside = 0;
    for (n, person) in (0..).zip(&mut people) {
        if n == PEOPLE / 2 {
            world = world.restart().await;
        }
        inside += u32::from(person.sign_in(&world).await);
        world.inner.pass(Duration::from_secs(3));
    }
    assert_eq!(inside, PEOPLE);
}

#[tokio::test]
async fn two_hundred_strangers_of_one_address_do_not_whatever_they_calculate() {
    let mut world = World::new(&[]).await;
    let mut outcome = Outcome::default();
    for n in 0..PEOPLE {
        world.start(HOME, &number(n), &mut outcome).await;
        world.inner.pass(Duration::from_millis(2900));
    }
    outcome.ends_at(50, "attempts_per_address");
    assert_eq!(outcome.proofs, 40);
}

#[tokio::test]
async fn who_solves_no_puzzle_gets_ten_texts_for_an_address() {
    let mut world = World::new(&[]).await;
    let mut outcome = Outcome::default();
    for n in 0..PEOPLE {
        world.start_without_proof(HOME, &number(n), &mut outcome).await;
        world.inner.pass(Duration::from_millis(2900));
    }
    assert_eq!((outcome.taken, outcome.asked), (10, PEOPLE - 10), "{outcome:?}");
}

#[tokio::test]
async fn fifty_new_people_of_one_office_get_in_within_ten_minutes() {
    let mut world = World::new(&[]).await;
    for n in 0..50 {
        assert!(Visitor::new(HOME, &number(n)).sign_in(&world).await, "{n}");
        if n == 25 {
            world = world.restart().await;
        }
        world.inner.pass(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn two_hundred_strangers_of_a_listed_network_do() {
    let listed = "[[limits.network]]\nfrom = [\"192.0.2.0/24\"]\nstarts_per_address_10m = 300\n\
        starts_per_address_1h = 300\nattempts_per_address = 300\nstarts_per_network_1h = 300\n\
        [limits]\ntexts_per_country_1h = 1000\n[login]";
    let mut world = World::new(&[("[login]", listed)]).await;
    let mut outcome = Outcome::default();
    for n in 0..PEOPLE {
        world.start(HOME, &number(n), &mut outcome).await;
    }
    assert_eq!(outcome, Outcome { taken: PEOPLE, ..Outcome::default() });
    // Elsewhere the limits are as they were.
    let mut outcome = Outcome::default();
    for n in 0..12 {
        world.start_without_proof(attacker(0), &number(300 + n), &mut outcome).await;
    }
    assert_eq!((outcome.taken, outcome.asked), (10, 2), "{outcome:?}");
}

#[tokio::test]
async fn the_addresses_of_one_network_have_a_limit_together() {
    let mut world =
        World::new(&[("[login]", "[limits]\ntexts_per_country_1h = 1000\n[login]")]).await;
    let mut owner = Visitor::known(&world, HOME, "+447400123456").await;
    world.inner.pass(HOUR);
    let mut outcome = Outcome::default();
    for n in 0..250 {
        let address = std::net::Ipv4Addr::new(192, 0, 2, u8::try_from(n / 10).unwrap()).into();
        world.start(address, &number(n), &mut outcome).await;
    }
    outcome.ends_at(200, "starts_per_network_1h");
    assert!(owner.sign_in(&world).await, "the owner, in the same network");
}
