//! Redis is restored from an older state in the middle of logins, as by an operator or a failover.
use super::{LATE, Nodes, Unusual};
use crate::support::browser::unlike;
use crate::support::settings::{ADA, BOB};

#[test]
fn an_older_state_of_redis_makes_no_used_code_good_and_gives_back_only_tries_since_then() {
    let mut nodes = Nodes::on_redis(LATE, Unusual::default());
    let (mut ada, mut bob) = (nodes.browser(), nodes.browser());
    let (ada_page, ada_code) = nodes.ask_for_code(&mut ada, ADA);
    let (bob_page, bob_code) = nodes.ask_for_code(&mut bob, BOB);
    let wrong = bob.give_code(&bob_page, &unlike(&bob_code, 1));
    bob.follow(wrong).says("You have 2 tries left");
    // Whoever saw Ada type is in her browser later, without what she got.
    let mut later = ada.clone();
    assert_eq!(nodes.redis.as_ref().expect("Redis").tell("SAVE"), "+OK");

    let answer = ada.give_code(&ada_page, &ada_code).is(303);
    ada.finish(answer).is(200);
    for n in 2..=3 {
        bob.give_code(&bob_page, &unlike(&bob_code, n));
    }
    bob.give_code(&bob_page, &bob_code);
    assert_eq!(bob.cookie("doorcode"), None, "no try was left");

    let redis = nodes.redis.as_mut().expect("Redis");
    redis.kill();
    redis.start_again(&[]);
    // More than the minute for which a double click gets the same session again.
    nodes.first().pass(std::time::Duration::from_secs(61));
    for _ in nodes.ports() {
        later.give_code(&ada_page, &ada_code);
        assert_eq!(later.cookie("doorcode"), None, "a used code works again");
        later.get("/orders").is(303);
        ada.get("/orders").is(200);
    }
    // Two tries were left when the state was saved, and none is left after them.
    let wrong = bob.give_code(&bob_page, &unlike(&bob_code, 4));
    bob.follow(wrong).says("You have 1 try left");
    bob.give_code(&bob_page, &unlike(&bob_code, 5));
    bob.give_code(&bob_page, &bob_code);
    assert_eq!(bob.cookie("doorcode"), None, "more tries than there were");
}
