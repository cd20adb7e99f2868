//! What an operator changes of a person while that person is signed in.
use std::collections::BTreeSet;

use doorcode::domain::Role;
use doorcode::store::Users as _;
use doorcode::system::Timestamp;

use super::{beside, phone, script, signed_in};
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::{ADA, BOB};

fn roles(names: &[&str]) -> BTreeSet<Role> {
    names.iter().map(|name| Role::parse(name).unwrap()).collect()
}

#[test]
fn roles_of_the_store_are_added_to_those_of_the_file() {
    let gate = Gate::start();
    let store = beside(&gate);
    let give = |e164: &str, names: &[&str]| {
        gate.run(store.set_roles(&phone(e164), &roles(names))).unwrap().expect("a user");
    };
    let (mut ada, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    bob.get("/admin/x").is(403);
    give(BOB, &["admin", "night"]);
    wait_for("an admin", || (bob.get("/admin/x").status == 200).then_some(()));
    assert_eq!(gate.app.last().header("x-forwarded-groups"), Some("admin,night"));
    script(&mut bob, "/.doorcode/me").is(200).says("[\"admin\",\"night\"]");

    give(ADA, &["admin", "night"]);
    wait_for("one more role", || {
        ada.get("/orders").is(200);
        let told = gate.app.last();
        (told.header("x-forwarded-groups") == Some("admin,night,staff")).then_some(())
    });
    give(ADA, &[]);
    give(BOB, &["night"]);
    wait_for("no admin", || (bob.get("/admin/x").status == 403).then_some(()));
    ada.get("/admin/x").is(200);
    assert_eq!(gate.app.last().header("x-forwarded-groups"), Some("admin,staff"));
    signed_in(&gate, BOB).get("/admin/x").is(403);
}

#[test]
fn who_is_blocked_is_out_and_stays_out_with_every_session_they_had() {
    let gate = Gate::start();
    let store = beside(&gate);
    let block = |blocked| {
        let now = Timestamp::from_millis(0);
        gate.run(store.set_blocked(&phone(BOB), blocked, now)).unwrap().expect("a user");
    };
    let (mut desk, mut mobile) = (signed_in(&gate, BOB), signed_in(&gate, BOB));
    let mut ada = signed_in(&gate, ADA);
    block(true);
    wait_for("an end", || (desk.get("/orders").status == 303).then_some(()));
    mobile.get("/orders").is(303);
    ada.get("/orders").is(200);
    block(false);
    desk.get("/orders").is(303);
    mobile.get("/orders").is(303);
    signed_in(&gate, BOB).get("/orders").is(200);
}

#[test]
fn nobody_is_changed_who_is_not_there() {
    let gate = Gate::start();
    let store = beside(&gate);
    let nobody = phone("+12025550111");
    assert_eq!(gate.run(store.set_roles(&nobody, &roles(&["admin"]))).unwrap(), None);
    let now = Timestamp::from_millis(0);
    assert_eq!(gate.run(store.set_blocked(&nobody, true, now)).unwrap(), None);
    assert_eq!(gate.count("SELECT COUNT(*) FROM change"), 0);
}
