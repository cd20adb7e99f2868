//! Texts whose codes nobody uses.
use super::challenge::shipped;
use super::{BEHIND, HOUR, MINUTE, defaults, ends_after, number, start_from, told_to_wait};
use crate::support::browser::Browser;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::{metric, wait_until};
use crate::support::puzzle::{puzzle_of, solve};
use crate::support::settings::ADA;

const TOO_MANY: &str = "Too many people are signing in";
/// Else a hundred texts an hour to one country would end it first.
const MANY: (&str, &str) =
    ("[login]", "[limits]\ntexts_per_country_1h = 1000\nstarts_per_network_1h = 1000\n[login]");
/// A puzzle that is solved at once.
const EASY: (&str, &str) = ("countries = [", "challenge_bits = 8\ncountries = [");
const PAUSED: &str = "doorcode_conversion_alarms_total{action=\"paused\"}";
const CHALLENGED: &str = "doorcode_conversion_alarms_total{action=\"challenged\"}";
const WARNED: &str = "doorcode_conversion_alarms_total{action=\"warned\"}";

#[track_caller]
fn ask(gate: &Gate, n: u32) -> Answer {
    start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &number(n))
}

/// So many new people use their code, and so many do not.
fn people(gate: &Gate, used: u32, unused: u32) {
    for n in 0..used {
        let mut browser = gate.browser();
        browser.address = Some(format!("203.0.{n}.7"));
        browser.sign_in("/", &number(200 + n), &gate.texts).is(200);
    }
    (0..unused).for_each(|n| drop(ask(gate, n).is(303)));
}

#[test]
fn where_nobody_uses_a_code_strangers_are_not_texted_for_an_hour() {
    let gate = defaults(&[BEHIND, MANY]);
    let mut known = gate.browser();
    known.address = Some("192.0.2.7".to_owned());
    known.sign_in("/", ADA, &gate.texts).is(200);
    known.post("/.doorcode/sign-out", &[]).is(303);
    gate.pass(MINUTE * 5);
    people(&gate, 0, 55);
    ask(&gate, 55).is(303);
    assert_eq!(metric(gate.admin, PAUSED), 0, "they may still be used");

    gate.pass(MINUTE * 10);
    assert_eq!(told_to_wait(&ask(&gate, 56), TOO_MANY), HOUR);
    wait_until(gate.admin, PAUSED, 1);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"conversion_pause_of_country\"}", 1);
    start_from(&mut gate.browser(), "192.0.2.8", "+447400123456").is(303);
    gate.texts.text(58);
    known.sign_in("/", ADA, &gate.texts).is(200);
    ends_after(&gate, HOUR, || ask(&gate, 57)).is(303);
}

#[test]
fn where_nobody_uses_a_code_a_proof_is_asked_for_and_then_comes_the_pause() {
    let gate = shipped(&[BEHIND, MANY, EASY]);
    people(&gate, 0, 55);
    gate.pass(MINUTE * 10);
    // Whoever calculates for fifty texts and uses none: the pause.
    (55..105).for_each(|n| sent_with_proof(&gate, n, &number(n)));
    wait_until(gate.admin, CHALLENGED, 1);
    let mut browser = gate.browser();
    assert!(ask_in(&mut browser, 106).location().contains("/challenge?"));
    assert_eq!(metric(gate.admin, PAUSED), 0, "they may still be used");
    gate.pass(MINUTE * 10);
    assert_eq!(told_to_wait(&ask(&gate, 107), TOO_MANY), HOUR);
    wait_until(gate.admin, PAUSED, 1);
    // Another country goes on without a proof.
    let other = start_from(&mut gate.browser(), "192.0.2.8", "+447400123456").is(303);
    assert!(other.location().contains("/code?"), "{other}");
}

/// So many texts as a country may have in an hour, all at once; and again when they may be sent.
#[test]
fn by_default_texts_that_come_once_an_hour_are_judged_too() {
    let gate = shipped(&[BEHIND, EASY]);
    (0..100).for_each(|n| sent_at_once(&ask(&gate, n)));
    told_to_wait(&ask(&gate, 100), TOO_MANY);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"texts_per_country_1h\"}", 1);
    gate.pass(MINUTE * 63);
    (101..151).for_each(|n| sent_with_proof(&gate, n, &number(n)));
    wait_until(gate.admin, CHALLENGED, 1);
    assert_eq!(metric(gate.admin, PAUSED), 0, "they may still be used");
    gate.pass(MINUTE * 63);
    assert_eq!(told_to_wait(&ask(&gate, 151), TOO_MANY), HOUR);
    wait_until(gate.admin, PAUSED, 1);
    // A pause is an hour, and then they are judged by what comes then.
    gate.pass(HOUR);
    sent_with_proof(&gate, 152, &number(152));
    wait_until(gate.admin, CHALLENGED, 2);
    assert_eq!(metric(gate.admin, PAUSED), 1);
}

/// Whom a limit refuses is a sign too: of others, who used it up.
#[test]
fn by_default_who_is_refused_shows_that_few_codes_are_used() {
    let gate = shipped(&[BEHIND, EASY]);
    (0..100).for_each(|n| sent_at_once(&ask(&gate, n)));
    gate.pass(MINUTE * 10);
    told_to_wait(&ask(&gate, 100), TOO_MANY);
    wait_until(gate.admin, CHALLENGED, 1);
}

#[test]
fn by_default_a_block_of_numbers_is_judged_by_as_many_texts_as_it_may_have() {
    let gate = shipped(&[BEHIND, EASY]);
    let phone = |n: u32| format!("+12025550{:03}", 200 + n);
    let ask = |n: u32| start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &phone(n));
    for round in 0..4 {
        (0..5).for_each(|n| sent_at_once(&ask(10 * round + n)));
        told_to_wait(&ask(10 * round + 5), TOO_MANY);
        gate.pass(MINUTE * 10);
    }
    assert_eq!(metric(gate.admin, CHALLENGED), 0);
    for round in 4..8 {
        (0..5).for_each(|n| sent_with_proof(&gate, 10 * round + n, &phone(10 * round + n)));
        gate.pass(MINUTE * 10);
    }
    wait_until(gate.admin, CHALLENGED, 1);
    assert_eq!(told_to_wait(&ask(80), TOO_MANY), HOUR);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"conversion_pause_of_number_block\"}", 1);
    wait_until(gate.admin, PAUSED, 1);
    // Its country goes on without a proof.
    sent_at_once(&start_from(&mut gate.browser(), "192.0.2.8", &number(0)));
}

#[track_caller]
fn sent_at_once(answer: &Answer) {
    assert!(answer.status == 303 && answer.location().contains("/code?"), "{answer}");
}

/// Somebody else gets a text, after a proof that is asked for.
#[track_caller]
fn sent_with_proof(gate: &Gate, n: u32, phone: &str) {
    let mut browser = gate.browser();
    let asked = start_from(&mut browser, &format!("198.51.{n}.7"), phone).is(303);
    sent_at_once(&solved(&mut browser, asked));
}

fn ask_in(browser: &mut Browser, n: u32) -> Answer {
    start_from(browser, &format!("198.51.{n}.7"), &number(n)).is(303)
}

#[track_caller]
fn solved(browser: &mut Browser, asked: Answer) -> Answer {
    assert!(asked.location().contains("/challenge?"), "{asked}");
    let page = browser.follow(asked).is(200).text();
    let (flow, puzzle, bits) = puzzle_of(&page);
    let number = solve(&puzzle, bits);
    let form = [("flow", &flow), ("puzzle", &puzzle), ("number", &number)];
    let form = form.map(|(name, value)| (name, value.as_str()));
    browser.post("/.doorcode/challenge", &form).is(303)
}

#[test]
fn where_few_use_a_code_it_is_told_once_and_nobody_is_refused() {
    let gate = defaults(&[BEHIND, MANY]);
    people(&gate, 6, 54);
    gate.pass(MINUTE * 10);
    (55..60).for_each(|n| drop(ask(&gate, n).is(303)));
    wait_until(gate.admin, WARNED, 1);
    assert_eq!(metric(gate.admin, PAUSED), 0);
}

#[test]
fn where_most_people_use_their_code_nothing_is_told() {
    let gate = defaults(&[BEHIND, MANY]);
    people(&gate, 15, 45);
    gate.pass(MINUTE * 10);
    (55..60).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!((metric(gate.admin, WARNED), metric(gate.admin, PAUSED)), (0, 0));
}
