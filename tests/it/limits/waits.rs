//! Texts to one number wait for each other, whoever asks for them.
use std::time::Duration;

use super::{HOUR, MINUTE, defaults, number, start_from, told_to_wait, use_up_the_hour};
use crate::support::browser::{Browser, between, code_in, flow_of, unlike, wait_on};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::ADA;
use crate::support::words::{word, word_with};

/// For whoever did not ask for the last text.
const ELSEWHERE: &str = "Please wait a little";
const TOO_MANY: &str = "Too many codes for this number";
const SECOND: Duration = Duration::from_secs(1);

/// A browser at the page that asks for a code, and the code.
#[track_caller]
fn begin(gate: &Gate, phone: &str) -> (Browser, Answer, String) {
    let mut browser = gate.browser();
    let (page, code) = begin_in(gate, &mut browser, phone);
    (browser, page, code)
}

#[track_caller]
fn begin_in(gate: &Gate, browser: &mut Browser, phone: &str) -> (Answer, String) {
    let before = gate.texts.messages().len();
    let answer = start_from(browser, "", phone).is(303);
    let page = browser.follow(answer).is(200).says("name=\"code\"");
    let text = gate.texts.text(before + 1);
    (page, code_in(&text.body))
}

/// Somebody else, in a browser that was never here.
#[track_caller]
fn stranger(gate: &Gate, phone: &str) -> Answer {
    start_from(&mut gate.browser(), "", phone)
}

#[track_caller]
fn sign_in(gate: &Gate, browser: &mut Browser, phone: &str) {
    let (page, code) = begin_in(gate, browser, phone);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}

#[track_caller]
fn is_about(wait: Duration, seconds: u64) {
    let tenth = Duration::from_secs(seconds) / 10;
    let around = Duration::from_secs(seconds);
    assert!(wait + tenth >= around && wait <= around + tenth + SECOND, "{wait:?}, not {seconds} s");
}

#[test]
fn the_wait_doubles_until_somebody_signs_in() {
    let gate = defaults(&[]);
    let (mut browser, mut page, code) = begin(&gate, ADA);
    for (n, seconds) in [(1, 30), (2, 60), (3, 120), (4, 240)] {
        page = browser.resend(&page).is(200);
        let wait = wait_on(&page);
        is_about(wait, seconds);
        page = page.says(&format!("again in {} seconds.", wait.as_secs()));
        gate.pass(wait.saturating_sub(SECOND));
        page = browser.resend(&page).says(&word_with("resend_not_yet", &[("count", "1")]));
        assert_eq!(gate.texts.requests(), n, "not before the wait that was told has passed");
        gate.pass(SECOND);
        page = browser.resend(&page).is(200).says(&word("resent_sent"));
        gate.texts.text(n + 1);
    }
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
    // Of the hour one is left, for which nobody waits any more.
    let (mut gate_again, page, _) = {
        gate.pass(HOUR);
        begin(&gate, ADA)
    };
    is_about(wait_on(&gate_again.resend(&page)), 30);
}

#[test]
fn who_may_have_no_other_code_is_led_back_to_the_one_that_was_sent() {
    let gate = defaults(&[("[login]", "[limits]\ntexts_per_number_1h = 1\n[login]")]);
    let (mut browser, page, code) = begin(&gate, ADA);
    gate.pass(MINUTE);
    let refused = browser.resend(&page).is(429).says(TOO_MANY).says(&word("code_title"));
    let text = refused.text();
    let link = format!("/.doorcode/code?{}", between(&text, "/.doorcode/code?", "\""));
    let page = browser.get(&link).is(200).says("name=\"code\"");
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
    // Nobody else has one to enter.
    stranger(&gate, ADA).is(429).never_says("/code?flow=");
}

#[test]
fn not_every_wait_is_as_long_as_the_next() {
    let gate = defaults(&[("[login]", "[limits]\nstarts_per_address_10m = 50\n[login]")]);
    let wait = |n| wait_on(&begin(&gate, &number(n)).1);
    let waits: Vec<Duration> = (0..20).map(wait).collect();
    for wait in &waits {
        is_about(*wait, 30);
    }
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[test]
fn strangers_cannot_use_up_in_seconds_what_a_number_may_have_in_an_hour() {
    let gate = defaults(&[("[login]", "[limits]\nstarts_per_address_10m = 500\n[login]")]);
    let mut passed = Duration::ZERO;
    let mut texts = 0;
    while texts < 5 {
        if stranger(&gate, ADA).status == 303 {
            texts += 1;
            gate.texts.text(texts);
        }
        gate.pass(SECOND * 15);
        passed += SECOND * 15;
    }
    // 30, 60, 120 and 240 seconds, less a tenth.
    assert!(passed >= SECOND * 405, "after {passed:?}");
    assert_eq!(gate.texts.requests(), 5);
}

#[test]
fn who_asks_in_another_browser_is_told_when_to_come_back() {
    let gate = defaults(&[]);
    let (mut browser, page, code) = begin(&gate, ADA);
    let told = stranger(&gate, ADA);
    let wait = told_to_wait(&told, ELSEWHERE);
    assert!(!told.text().contains(TOO_MANY), "who asks once asked not too often: {told}");
    assert!(wait >= wait_on(&page) && wait <= MINUTE, "{wait:?}");
    assert_eq!(gate.texts.requests(), 1);
    gate.pass(wait);
    stranger(&gate, ADA).is(303);
    gate.texts.text(2);

    // The first one's code lives: a start is answered as sent, and the button tells the truth.
    let page = browser.visit(&format!("/.doorcode/code?flow={}", flow_of(&page))).is(200);
    is_about(wait_on(&page), 60);
    let page = browser.give_number(&browser.clone().visit("/"), ADA).is(200).says("name=\"code\"");
    assert_eq!(gate.texts.requests(), 2);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}

#[test]
fn who_was_sent_a_code_that_is_dead_is_sent_another_at_once() {
    let gate = defaults(&[]);
    let (mut browser, page, code) = begin(&gate, ADA);
    for n in 0..3 {
        browser.give_code(&page, &unlike(&code, n)).is(303);
    }
    let (page, other) = begin_in(&gate, &mut browser, ADA);
    assert_ne!(other, code);
    is_about(wait_on(&page), 60);
    told_to_wait(&stranger(&gate, ADA), ELSEWHERE);
}

#[test]
fn the_button_tells_of_the_hour_too() {
    let gate = defaults(&[]);
    use_up_the_hour(&gate, || stranger(&gate, ADA));
    let (mut browser, page, _) = begin(&gate, &number(0));
    let form = [("flow", flow_of(&page)), ("phone", ADA.to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post("/.doorcode/login", &form);
    assert_eq!(browser.follow(answer).status, 429);

    let gate = defaults(&[("[login]", "[limits]\ntexts_per_number_1h = 1\n[login]")]);
    let (_, page, _) = begin(&gate, ADA);
    assert_eq!(wait_on(&page), HOUR, "not half a minute, and then a refusal");
}

#[test]
fn nobody_keeps_the_owner_of_a_number_out_of_a_browser_that_was_theirs() {
    let gate = defaults(&[("[login]", "[limits]\nstarts_per_address_10m = 500\n[login]")]);
    let mut owner = gate.browser();
    sign_in(&gate, &mut owner, ADA);
    gate.pass(HOUR);
    owner.post("/.doorcode/sign-out", &[]).is(303);

    // Others use up all texts, and type wrong codes as long as they may.
    let (mut guesser, page, code) = begin(&gate, ADA);
    let mut guess = |n| guesser.give_code(&page, &unlike(&code, n));
    (0..3).for_each(|n| drop(guess(n).is(303)));
    gate.pass(MINUTE);
    let (mut guesser, page, code) = begin(&gate, ADA);
    guesser.give_code(&page, &unlike(&code, 0)).is(303);
    let last = guesser.give_code(&page, &unlike(&code, 1));
    told_to_wait(&guesser.follow(last), "Too many wrong codes for this number");
    told_to_wait(&stranger(&gate, ADA), "Too many wrong codes for this number");

    // Neither half of what a browser keeps is worth anything in another one.
    let known = owner.cookie("doorcode-known").expect("a keepsake");
    let mut thief = gate.browser();
    thief.visit("/");
    thief.keep_cookie("doorcode-known", &known);
    told_to_wait(&start_from(&mut thief, "", ADA), "Too many wrong codes for this number");
    let mut forgetful = owner.clone();
    forgetful.keep_cookie("doorcode-known", "AAAA.x.");
    told_to_wait(&start_from(&mut forgetful, "", ADA), "Too many wrong codes for this number");

    sign_in(&gate, &mut owner, ADA);
}

#[test]
fn what_is_known_of_a_browser_is_limited_as_well() {
    let gate = defaults(&[]);
    let mut owner = gate.browser();
    sign_in(&gate, &mut owner, ADA);
    owner.post("/.doorcode/sign-out", &[]).is(303);
    let (page, code) = begin_in(&gate, &mut owner, ADA);
    is_about(wait_on(&page), 30);
    for n in 0..3 {
        owner.give_code(&page, &unlike(&code, n)).is(303);
    }
    let (page, code) = begin_in(&gate, &mut owner, ADA);
    owner.give_code(&page, &unlike(&code, 0)).is(303);
    for last in [unlike(&code, 1), code] {
        let answer = owner.give_code(&page, &last);
        told_to_wait(&owner.follow(answer), "Too many wrong codes");
    }
    // Another number in the same browser is not known.
    let mut other = owner.clone();
    begin_in(&gate, &mut other, &number(0));
}
