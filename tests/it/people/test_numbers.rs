use doorcode::domain::{InvalidTestNumber, PhoneNumber};

use crate::support::gate::Gate;
use crate::support::settings::ADA;
use crate::support::tables::spent_codes;
use crate::support::words::{tries_left, word};

const NUMBER: &str = "+15550100001";
const TEST: (&str, &str) =
    ("[sms]\n", "[[login.test_number]]\nphone = \"+15550100001\"\ncode = \"424242\"\n[sms]\n");

#[test]
fn a_test_number_signs_in_with_its_code_and_nothing_is_sent() {
    for closed in [&[TEST][..], &[TEST, ("[login]\n", "[login]\nsign_up = false\n")]] {
        let gate = Gate::changed(closed);
        let mut browser = gate.browser();
        let number = browser.visit("/orders");
        let page = browser.give_number(&number, "+1 (555) 010-0001").is(200);
        let wrong = browser.give_code(&page, "424243").is(303);
        let page = browser.follow(wrong).is(200).says(&tries_left("2"));
        let answer = browser.give_code(&page, "424242").is(303);
        browser.finish(answer).is(200).says("the app: GET /orders");
        assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(NUMBER));
        assert_eq!(gate.app.last().header("x-forwarded-groups"), Some("test"));
        browser.get("/admin/x").is(403);
        browser.get("/.doorcode/account").is(200).says("•-•001").says(&word("account_current"));
        assert_eq!(gate.texts.requests(), 0);
        assert_eq!(gate.count(spent_codes::ALL), 1);

        let mut again = gate.browser();
        let number = again.visit("/orders");
        let page = again.give_number(&number, NUMBER).is(200);
        for code in ["000000", "000001", "000002"] {
            again.give_code(&page, code).is(303);
        }
        let late = again.give_code(&page, "424242").is(303);
        again.follow(late).is(200).says("Too many wrong codes").says("name=\"phone\"");
    }
}

#[test]
fn the_role_of_a_test_number_is_the_only_one_it_can_have() {
    let gate = Gate::changed(&[TEST]);
    let store = super::beside(&gate);
    let admin = [doorcode::domain::Role::parse("admin").unwrap()].into();
    gate.run(doorcode::store::UserStore::set_roles(&store, &super::phone(NUMBER).into(), &admin))
        .unwrap();
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, NUMBER).is(200);
    let answer = browser.give_code(&page, "424242").is(303);
    browser.finish(answer).is(200);
    browser.get("/admin/x").is(403);
}

#[test]
fn its_code_is_nobody_elses_and_a_number_that_is_not_named_is_none() {
    let gate = Gate::changed(&[TEST]);
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, ADA).is(200);
    let wrong = browser.give_code(&page, "424242").is(303);
    browser.follow(wrong).is(200).says("The code is not right.");
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    browser.give_number(&number, "+15550100002").is(200).says(&word("phone_no_such_number"));
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    browser.give_number(&number, NUMBER).is(200).says(&word("phone_no_such_number"));
}

#[test]
fn only_what_nobody_can_have_is_a_test_number() {
    let cases = [
        ("+15550100001", None),
        ("+447700900123", None),
        ("+12025550123", Some(InvalidTestNumber::Real)),
        ("+447400123456", Some(InvalidTestNumber::Real)),
        ("15550100001", Some(InvalidTestNumber::NotE164)),
        ("+1 555 010 0001", Some(InvalidTestNumber::NotE164)),
        ("+0550100001", Some(InvalidTestNumber::NotE164)),
        ("+1555", Some(InvalidTestNumber::NotE164)),
        ("+1555010000100000", Some(InvalidTestNumber::NotE164)),
        ("", Some(InvalidTestNumber::NotE164)),
    ];
    for (text, wrong) in cases {
        assert_eq!(PhoneNumber::test_number(text).err(), wrong, "{text}");
    }
    let number = PhoneNumber::test_number(NUMBER).unwrap();
    assert!(number.is_test() && number.country().is_none());
    assert_ne!(PhoneNumber::from_store(NUMBER).unwrap(), PhoneNumber::from_store(ADA).unwrap());
    assert!(PhoneNumber::from_e164(NUMBER).is_err());
}

#[test]
fn its_texts_cost_nothing_and_take_nothing_of_what_all_may_cost() {
    let limits = ("[login]", "[limits]\ntexts_1h = 1\ntexts_24h = 1\n[login]");
    let raised = (crate::support::settings::RAISED, "");
    let gate = Gate::changed(&[TEST, raised, limits]);
    for _ in 0..30 {
        // As tests run side by side, and stop half-way.
        let mut unfinished = gate.browser();
        let number = unfinished.visit("/orders");
        unfinished.give_number(&number, NUMBER).is(200).says("name=\"code\"");
        let mut browser = gate.browser();
        let number = browser.visit("/orders");
        let page = browser.give_number(&number, NUMBER).is(200);
        let answer = browser.give_code(&page, "424242").is(303);
        browser.finish(answer).is(200);
    }
    gate.browser().sign_in("/", ADA, &gate.texts).is(200);
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    browser.give_number(&number, crate::support::settings::BOB).is(429);
    let number = browser.visit("/orders");
    browser.give_number(&number, NUMBER).is(200).says("name=\"code\"");
}
