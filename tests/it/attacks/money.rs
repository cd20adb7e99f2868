//! Texts where they are dear.
use super::HOUR;
use super::world::{HOME, Outcome, Visitor, World, attacker, number};

#[tokio::test]
async fn the_budget_of_a_country_ends_an_attack_and_survives_a_restart() {
    let dear = ("[sms]", "[sms.prices]\nUS = \"0.50\"\n[sms]");
    let mut world = World::new(&[dear]).await;
    let mut owner = Visitor::known(&world, HOME, "+12025550123").await;
    world.inner.pass(HOUR);
    let mut outcome = Outcome::default();
    for n in 0..60 {
        if n == 12 {
            world = world.restart().await;
        }
        world.start(attacker(n), &number(n), &mut outcome).await;
    }
    // Twelve dollars.
    outcome.ends_at(24, "spend_per_country_1h");
    assert!(owner.sign_in(&world).await, "the owner");
}
