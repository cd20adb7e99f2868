//! Each page on which a login ends shows the reference of its attempt, for people to read out.
use std::time::Duration;

use doorcode::domain::AttemptReference;
use doorcode::store::{AttemptHistory as _, StoredHistory, UserStore as _};
use doorcode::system::Clock as _;

use super::{beside, phone, shown_reference};
use crate::support::browser::{Browser, code_in, unlike};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

/// What is kept of the attempt whose reference a page shows.
#[track_caller]
pub(crate) fn history_of(gate: &Gate, reference: &str) -> Vec<StoredHistory> {
    let reference = AttemptReference::parse(reference).expect("a reference");
    let database = beside(gate);
    wait_for("the story", || {
        let entries = gate.run(database.history(reference)).expect("a table");
        (!entries.is_empty()).then_some(entries)
    })
}

/// A browser at the page for a code, the page and the code.
fn asked(gate: &Gate, e164: &str) -> (Browser, Answer, String) {
    let before = gate.texts.messages().len();
    let mut browser = gate.browser();
    let number = browser.visit("/orders").never_says("Reference");
    let page = browser.give_number(&number, e164).is(200);
    let code = code_in(&gate.texts.text(before + 1).body);
    (browser, page, code)
}

#[test]
fn who_may_not_sign_in_sees_the_reference() {
    let gate = Gate::start();
    let now = gate.clock.now();
    let blocked = gate.run(beside(&gate).set_blocked(&phone(ADA).into(), true, now)).unwrap();
    blocked.expect("a user");
    let (mut browser, page, code) = asked(&gate, ADA);
    let answer = browser.give_code(&page, &code).is(303);
    let denied = browser.follow(answer).is(403).says(&word("denied_title"));
    assert_eq!(shown_reference(&denied), shown_reference(&page));
}

#[test]
fn whose_code_died_or_expired_sees_the_reference_until_a_number_is_typed() {
    let gate = Gate::start();
    let (mut browser, page, code) = asked(&gate, BOB);
    let reference = shown_reference(&page);
    let mut at = page;
    for n in 0..3 {
        let answer = browser.give_code(&at, &unlike(&code, n)).is(303);
        at = browser.follow(answer).is(200);
    }
    let died = at.says(&word("number_code_died"));
    assert_eq!(shown_reference(&died), reference);
    let wrong = browser.give_number(&died, "12").is(200).says("There is a problem");
    wrong.never_says("Reference");

    gate.pass(Duration::from_mins(40));
    let (mut browser, page, code) = asked(&gate, BOB);
    gate.pass(Duration::from_mins(6));
    let answer = browser.give_code(&page, &code).is(303);
    let expired = browser.follow(answer).is(200).says(&word("number_code_expired"));
    assert_eq!(shown_reference(&expired), shown_reference(&page));
    assert_ne!(shown_reference(&page), reference, "another attempt");
}
