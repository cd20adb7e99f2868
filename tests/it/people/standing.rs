//! What an operator changes of a person while that person is signed in.
use std::collections::BTreeSet;

use doorcode::domain::Role;
use doorcode::store::UserStore as _;
use doorcode::system::Timestamp;

use super::{beside, phone, script, signed_in};
use crate::support::browser::{between, code_in};
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::{ADA, BOB};
use crate::support::tables::changes;

fn roles(names: &[&str]) -> BTreeSet<Role> {
    names.iter().map(|name| Role::parse(name).unwrap()).collect()
}

#[test]
fn roles_of_the_store_are_added_to_those_of_the_file() {
    let gate = Gate::start();
    let store = beside(&gate);
    let give = |e164: &str, names: &[&str]| {
        gate.run(store.set_roles(&phone(e164).into(), &roles(names))).unwrap().expect("a user");
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
        gate.run(store.set_blocked(&phone(BOB).into(), blocked, now)).unwrap().expect("a user");
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
    let nobody = phone("+12025550111").into();
    assert_eq!(gate.run(store.set_roles(&nobody, &roles(&["admin"]))).unwrap(), None);
    let now = Timestamp::from_millis(0);
    assert_eq!(gate.run(store.set_blocked(&nobody, true, now)).unwrap(), None);
    assert_eq!(gate.count(changes::ALL), 0);
}

#[test]
fn who_is_denied_may_sign_in_with_another_number_and_comes_back() {
    let gate = Gate::start();
    let mut bob = signed_in(&gate, BOB);
    let page = format!("{}/admin/x?tab=1", bob.origin());
    let denied = bob.get("/admin/x?tab=1").is(403);
    let form = between(&denied.text(), "<form method=\"post\" action=\"", "\"").to_owned();
    let signed_out = bob.send("POST", &form, &[("Referer", &page)], Some(&[])).is(303);
    let signed_out = bob.follow(signed_out).is(200).says("signed out");
    let link = |page: &str| between(page, "class=\"button\" href=\"", "\"").to_owned();
    assert_eq!(link(&signed_out.text()), page);
    bob.sign_in("/admin/x?tab=1", ADA, &gate.texts).is(200).says("GET /admin/x?tab=1\n");

    for (referer, way) in [("https://evil.example/x", "/"), ("", "/"), ("/.doorcode/me", "/")] {
        let mut bob = signed_in(&gate, BOB);
        let sent = bob.send("POST", &form, &[("Referer", referer)], Some(&[])).is(303);
        let page = bob.follow(sent).is(200);
        assert_eq!(link(&page.text()), format!("{}{way}", bob.origin()), "{referer}");
    }
}

#[test]
fn who_is_blocked_may_sign_in_with_another_number_and_comes_back() {
    let gate = Gate::start();
    let now = Timestamp::from_millis(0);
    gate.run(beside(&gate).set_blocked(&phone(ADA).into(), true, now)).unwrap().expect("a user");
    let mut browser = gate.browser();
    let number = browser.visit("/orders?tab=1");
    let page = browser.give_number(&number, ADA).is(200);
    let text = gate.texts.text(1);
    let denied = browser.give_code(&page, &code_in(&text.body)).is(303);
    let denied = browser.follow(denied).is(403);
    let other = between(&denied.text(), "class=\"button\" href=\"", "\"").to_owned();
    browser.visit(&other).is(200).never_says("value=\"+1");
    browser.sign_in(&other, BOB, &gate.texts).is(200).says("GET /orders?tab=1\n");
}
