//! One number that is asked for without end: by many, and by every door in every spelling.
use std::time::Duration;

use super::HOUR;
use super::world::{HOME, Outcome, Visitor, World, attacker};
use crate::support::settings::ADA;

#[tokio::test]
async fn bombing_one_number_ends_at_its_limits_of_an_hour_and_a_day() {
    let mut world = World::new(&[]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR * 25);
    let before = world.inner.texts(ADA).len();
    let mut outcome = Outcome::default();
    // Every half a minute for two hours, each time from another address.
    for n in 0..240 {
        if n == 20 {
            world = world.restart().await;
        }
        if n == 119 {
            assert_eq!(outcome.taken, 5, "{outcome:?}");
            assert!(outcome.refused.contains_key("texts_per_number_1h"), "{outcome:?}");
        }
        world.start(attacker(n), ADA, &mut outcome).await;
        world.inner.pass(Duration::from_secs(30));
    }
    for n in 240..280 {
        world.start(attacker(n), ADA, &mut outcome).await;
        world.inner.pass(Duration::from_mins(33));
    }
    assert_eq!(world.inner.texts(ADA).len() - before, 10, "{outcome:?}");
    assert!(outcome.refused.contains_key("texts_per_number_24h"), "{outcome:?}");
    assert!(owner.sign_in(&world).await, "the owner");
}

const SPELLINGS: [&str; 12] = [
    "+12025550123",
    "+1 202 555 0123",
    "+1 (202) 555-0123",
    "001 202 555 0123",
    "tel:+12025550123",
    "+1.202.555.0123",
    "\u{ff0b}12025550123",
    "+1\u{a0}202\u{2011}555\u{2011}0123",
    "\u{200e}+12025550123\u{200e}",
    " +1/202/5550123 ",
    "+١٢٠٢٥٥٥٠١٢٣",
    "1 202 555 0123",
];

/// An application whose page has the widget, and which may ask for itself.
const CLIENT: (&str, &str) = (
    "[[site]]\nname = \"Down\"\n",
    "[oauth]\ntoken_algorithm = \"ES256\"\n[[client]]\nid = \"spa\"\nname = \"My SPA\"\n\
     [[site]]\nname = \"Down\"\n",
);

#[tokio::test]
async fn one_number_in_twelve_spellings_over_every_door_is_one_number() {
    let mut world = World::new(&[CLIENT]).await;
    let mut owner = Visitor::known(&world, HOME, ADA).await;
    world.inner.pass(HOUR * 25);
    let before = world.inner.texts(ADA).len();
    let sent = |world: &World| world.inner.texts(ADA).len() - before;
    // As soon as the next text may be sent; then at once.
    let waits = [1, 2, 3, 5].map(Duration::from_mins);
    for (n, spelling) in (0..).zip(SPELLINGS) {
        let mut visitor = Visitor::new(attacker(n), spelling);
        let taken = match n % 3 {
            0 => visitor.ask(&world).await.is_some(),
            1 => visitor.ask_by_widget(&world, "spa").await,
            // There a number is spelled in one way alone.
            _ => Visitor::new(attacker(n), ADA).ask_by_api(&world, "spa").await,
        };
        let expected = usize::try_from(n + 1).unwrap().min(5);
        assert_eq!((taken, sent(&world)), (n < 5, expected), "{n}: {spelling}");
        world.inner.pass(waits.get(n as usize).copied().unwrap_or_default());
        if n == 7 {
            world = world.restart().await;
        }
    }
    assert!(owner.sign_in(&world).await, "the owner");
}
