//! Wrong codes for one number, whoever types them.
use std::time::Duration;

use super::{DAY, HOUR, MINUTE, defaults, ends_after, start_from, told_to_wait};
use crate::support::browser::{Browser, code_in, unlike};
use crate::support::gate::Gate;
use crate::support::http::{Answer, storm};
use crate::support::settings::{ADA, BOB};
use crate::support::tables::{counters, sessions};
use crate::support::words::{tries_left, word};

const TOO_MANY: &str = "Too many wrong codes for this number";

/// A browser at the page that asks for a code, and the code.
#[track_caller]
fn begin(gate: &Gate, phone: &str) -> (Browser, Answer, String) {
    let before = gate.texts.messages().len();
    let mut browser = gate.browser();
    let answer = start_from(&mut browser, "", phone).is(303);
    let page = browser.follow(answer).is(200).says("name=\"code\"");
    let text = gate.texts.text(before + 1);
    (browser, page, code_in(&text.body))
}

#[track_caller]
fn guess(browser: &mut Browser, page: &Answer, code: &str) -> Answer {
    let answer = browser.give_code(page, code);
    browser.follow(answer)
}

#[test]
fn after_five_wrong_codes_not_even_the_right_one_is_taken_for_a_while() {
    let gate = defaults(&[]);
    let (mut first, page, code) = begin(&gate, ADA);
    guess(&mut first, &page, &unlike(&code, 0)).says(&tries_left("2"));
    guess(&mut first, &page, &unlike(&code, 1)).says(&tries_left("1"));
    guess(&mut first, &page, &unlike(&code, 2)).says(&word("number_code_died"));
    gate.pass(MINUTE);
    let (mut second, page, code) = begin(&gate, ADA);
    gate.pass(MINUTE * 2);
    let (mut third, other_page, other_code) = begin(&gate, ADA);
    guess(&mut second, &page, &unlike(&code, 0)).says(&tries_left("1"));

    let wait = told_to_wait(&guess(&mut second, &page, &unlike(&code, 1)), TOO_MANY);
    assert_eq!(wait, MINUTE * 12);
    for (browser, page, code) in
        [(&mut second, &page, &code), (&mut third, &other_page, &other_code)]
    {
        told_to_wait(&guess(browser, page, code), TOO_MANY);
        assert_eq!(browser.cookie("doorcode"), None);
    }
    let texts = gate.texts.requests();
    told_to_wait(&start_from(&mut gate.browser(), "", ADA), TOO_MANY);
    assert_eq!(gate.texts.requests(), texts, "no text for a code that could not be typed");
    gate.browser().sign_in("/", BOB, &gate.texts).is(200);

    ends_after(&gate, wait, || start_from(&mut gate.browser(), "", ADA)).is(303);
}

#[test]
fn a_right_code_is_refused_only_until_the_window_ends() {
    let changed =
        ("[login]", "[limits]\nwrong_codes_per_number_15m = 1\n[login]\ncode_lifetime = \"10m\"");
    let gate = defaults(&[changed]);
    let (mut other, other_page, other_code) = begin(&gate, ADA);
    told_to_wait(&guess(&mut other, &other_page, &unlike(&other_code, 0)), TOO_MANY);
    gate.pass(MINUTE * 15);
    let (mut browser, page, code) = begin(&gate, ADA);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}

#[test]
fn ten_wrong_codes_a_day_end_it_for_the_day() {
    let gate = defaults(&[]);
    for round in 0..5 {
        let (mut browser, page, code) = begin(&gate, ADA);
        guess(&mut browser, &page, &unlike(&code, 0)).is(200);
        let last = guess(&mut browser, &page, &unlike(&code, 1));
        if round == 4 {
            let wait = told_to_wait(&last, TOO_MANY);
            assert_eq!(wait + HOUR * 4, DAY);
            gate.pass(wait);
            let (mut browser, page, code) = begin(&gate, ADA);
            browser.give_code(&page, &code).is(303);
            return;
        }
        gate.pass(HOUR);
    }
}

#[test]
fn right_codes_do_not_count() {
    let changed = ("[login]", "[limits]\nwrong_codes_per_number_15m = 1\n[login]");
    let gate = defaults(&[changed]);
    for _ in 0..4 {
        let (mut browser, page, code) = begin(&gate, ADA);
        for _ in 0..3 {
            browser.give_code(&page, &code).is(303);
        }
    }
}

#[test]
fn of_many_guesses_at_once_over_many_browsers_five_are_compared() {
    // Money is counted too.
    let free = ("[sms]", "[sms.prices]\nUS = \"0\"\n[sms]");
    let gate = defaults(&[("[login]", "[login]\ncode_lifetime = \"10m\""), free]);
    let next = |wait| {
        gate.pass(Duration::from_secs(wait));
        begin(&gate, ADA)
    };
    let browsers: Vec<(Browser, Answer, String)> = [0, 33, 66, 132, 264].map(next).into();
    let mut requests = Vec::new();
    for (browser, page, code) in &browsers {
        let flow = crate::support::browser::flow_of(page);
        for n in 0..20 {
            let wrong = unlike(code, n);
            let form = [("flow", flow.as_str()), ("code", wrong.as_str())];
            requests.push(browser.request("POST", "/.doorcode/code", &[], Some(&form)));
        }
    }
    let answers = storm(gate.port, &requests);
    // Of a day: five texts to the number, in all, since a login, to the country and to the block; and the
    // wrong codes, of the number and of everybody.
    assert_eq!(gate.count(counters::SUM_OF_A_DAY), 5 + 5 + 5 + 5 + 5 + 5 + 5);
    assert!(answers.iter().all(|answer| answer.status == 303));
    for (mut browser, page, code) in browsers {
        let answer = browser.give_code(&page, &code);
        let to = answer.location();
        assert!(to.contains("/login?") || to.contains("/refused?"), "{answer}");
    }
    assert_eq!(gate.count(sessions::ALL), 0);
}
