//! Many at once, where only one may win.
use std::collections::BTreeSet;

use crate::support::browser::{between, code_in, flow_of, unlike};
use crate::support::gate::Gate;
use crate::support::http::storm;
use crate::support::settings::ADA;
use crate::support::tables::{counters, session_tokens, sessions, spent_codes, users};
use crate::support::words::{tries_left, word};

#[test]
fn a_hundred_right_codes_at_once_make_one_session() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/orders?page=2");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&gate.texts.text(1).body);
    let flow = flow_of(&page);
    let form = [("flow", flow.as_str()), ("code", code.as_str())];
    let request = browser.request("POST", "/.doorcode/code", &[], Some(&form));

    let answers = storm(gate.port, &vec![request; 100]);

    let mut cookies = BTreeSet::new();
    for answer in &answers {
        assert_eq!(answer.status, 303, "{answer}");
        assert!(answer.location().starts_with("/.doorcode/done?flow="), "{answer}");
        let cookie = answer.all("set-cookie")[0];
        cookies.insert(between(cookie, "doorcode=", ";").to_owned());
    }
    assert_eq!(cookies.len(), 1, "one token for all of them");
    for answer in answers.into_iter().step_by(33) {
        let mut tab = browser.clone();
        tab.take_cookies(&answer);
        tab.finish(answer).is(200).says("the app: GET /orders?page=2\n");
    }
    assert_eq!(gate.count(sessions::ALL), 1);
    assert_eq!(gate.count(session_tokens::ALL), 1);
    assert_eq!(gate.count(spent_codes::ALL), 1);
    assert_eq!(gate.count(users::ALL), 1);
}

#[test]
fn of_two_hundred_different_wrong_codes_at_once_three_are_compared() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&gate.texts.text(1).body);
    let flow = flow_of(&page);
    let request = |n| {
        let wrong = unlike(&code, n);
        let form = [("flow", flow.as_str()), ("code", wrong.as_str())];
        browser.request("POST", "/.doorcode/code", &[], Some(&form))
    };
    let requests: Vec<_> = (0..200).map(request).collect();
    let counted = || gate.count(counters::SUM);
    let before = counted();

    let answers = storm(gate.port, &requests);

    assert!(answers.iter().all(|answer| answer.status == 303), "each has an answer");
    // Each for its number, in 15 minutes and in a day, and for everybody.
    assert_eq!(counted() - before, 3 * 3, "as many were compared, found wrong and counted");
    let again = answers.iter().filter(|a| a.location().starts_with("/.doorcode/code?")).count();
    assert_eq!(again, 2, "two were told that tries are left");
    let over = answers.iter().filter(|a| a.location().starts_with("/.doorcode/login?"));
    let mut told = Vec::new();
    for answer in over {
        told.push(browser.visit(answer.location()).is(200).text());
    }
    let died = told.iter().filter(|page| page.contains(&word("number_code_died"))).count();
    assert_eq!(died, 198, "one took the last try; the rest are told that there is none");

    let right = browser.give_code(&page, &code).is(303);
    browser.follow(right).is(200).says("name=\"phone\"");
    assert_eq!((gate.count(spent_codes::ALL), gate.app.count()), (0, 0));
}

#[test]
fn two_hundred_equal_wrong_codes_at_once_are_one_try() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA);
    let code = code_in(&gate.texts.text(1).body);
    let (flow, wrong) = (flow_of(&page), unlike(&code, 0));
    let form = [("flow", flow.as_str()), ("code", wrong.as_str())];
    let request = browser.request("POST", "/.doorcode/code", &[], Some(&form));

    let answers = storm(gate.port, &vec![request; 200]);

    for answer in &answers {
        assert!(answer.location().starts_with("/.doorcode/code?"), "{answer}");
    }
    browser.visit(answers[199].location()).is(200).says(&tries_left("2"));
    let second = browser.give_code(&page, &unlike(&code, 1)).is(303);
    browser.follow(second).is(200).says(&tries_left("1"));
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}
