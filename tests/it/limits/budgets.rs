//! What texts may cost.
use super::{BEHIND, DAY, HOUR, MINUTE, defaults, ends_after, number, start_from, told_to_wait};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::{metric, wait_until};
use crate::support::settings::ADA;

const TOO_MANY: &str = "Too many people are signing in";
/// A text to the USA costs as much as may be spent in an hour on 1,000 numbers in a row.
const DEAR: (&str, &str) = ("[sms]", "[sms.prices]\nUS = \"1.00\"\n[sms]");

/// Somebody at an address of their own asks for a code for a number of the USA.
#[track_caller]
fn ask(gate: &Gate, n: u32) -> Answer {
    start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &number(n))
}

#[test]
fn half_of_a_budget_is_told_once_and_all_of_it_ends_the_texts() {
    let gate = defaults(&[BEHIND, DEAR]);
    let told = |percent: &str| {
        let labels = format!("{{limit=\"spend_per_country_1h\",percent=\"{percent}\"}}");
        format!("doorcode_budgets_used_total{labels}")
    };
    (0..5).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!(metric(gate.admin, &told("50")), 0);
    (5..12).for_each(|n| drop(ask(&gate, n).is(303)));
    wait_until(gate.admin, &told("50"), 1);
    assert_eq!(metric(gate.admin, &told("100")), 0);
    for n in 12..15 {
        assert_eq!(told_to_wait(&ask(&gate, n), TOO_MANY), HOUR);
    }
    wait_until(gate.admin, &told("100"), 1);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"spend_per_country_1h\"}", 3);
    start_from(&mut gate.browser(), "198.51.100.8", "+447400123456").is(303);
    ends_after(&gate, HOUR, || ask(&gate, 12)).is(303);
}

/// With the prices of the program a text to the USA costs less than a cent.
#[test]
fn half_of_the_texts_to_a_country_and_in_all_is_told_once() {
    let gate = defaults(&[BEHIND, ("[login]", "[limits]\ntexts_1h = 60\ntexts_24h = 70\n[login]")]);
    let told = |key: &str| {
        metric(
            gate.admin,
            &format!("doorcode_budgets_used_total{{limit=\"{key}\",percent=\"50\"}}"),
        )
    };
    let all = || ["texts_1h", "texts_24h", "texts_per_country_1h"].map(told);
    (0..29).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!(all(), [0, 0, 0]);
    ask(&gate, 29).is(303);
    assert_eq!(all(), [1, 0, 0]);
    (30..35).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!(all(), [1, 1, 0]);
    // Of these, a reserve is kept for those who are known.
    (35..45).for_each(|n| drop(ask(&gate, n).is(303)));
    told_to_wait(&ask(&gate, 45), TOO_MANY);
    assert_eq!(all(), [1, 1, 0]);
    gate.pass(HOUR);
    (45..48).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!(all(), [1, 1, 0], "of a day it is told once");
}

#[test]
fn by_default_half_of_the_texts_of_an_hour_is_told_before_they_are_used_up() {
    let gate = defaults(&[BEHIND]);
    let told = |key: &str| format!("doorcode_budgets_used_total{{limit=\"{key}\",percent=\"50\"}}");
    let (country, all) = (told("texts_per_country_1h"), told("texts_1h"));
    (0..49).for_each(|n| drop(ask(&gate, n).is(303)));
    assert_eq!(metric(gate.admin, &country), 0);
    (49..100).for_each(|n| drop(ask(&gate, n).is(303)));
    wait_until(gate.admin, &country, 1);
    let british = |n: u32| format!("+4474{:02}{:03}{n:03}", n / 100, n);
    for n in 100..150 {
        assert_eq!(metric(gate.admin, &all), 0);
        start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &british(n)).is(303);
    }
    wait_until(gate.admin, &all, 1);
    wait_until(gate.admin, &country, 2);
}

#[test]
fn a_text_of_two_segments_costs_twice() {
    let long = format!("{{{{ code }}}} {}\"\nprices.US = \"0.50\"", "x".repeat(160));
    let template = ("{{ code }} for {{ application.name }}\"", long.as_str());
    let gate = defaults(&[BEHIND, template]);
    let ask = |n: u32| {
        let phone = format!("+12025550{:03}", 200 + n);
        start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &phone)
    };
    ask(0).is(303);
    assert_eq!(told_to_wait(&ask(1), TOO_MANY), HOUR, "1.00 may be spent on a block");
}

#[test]
fn numbers_in_a_row_have_a_budget_of_their_own() {
    let gate = defaults(&[BEHIND, DEAR]);
    let ask = |n: u32| {
        let phone = format!("+12025550{:03}", 200 + n);
        start_from(&mut gate.browser(), &format!("198.51.{n}.7"), &phone)
    };
    ask(0).is(303);
    assert_eq!(told_to_wait(&ask(1), TOO_MANY), HOUR);
    for n in [1, 2] {
        gate.pass(HOUR);
        ask(n).is(303);
    }
    gate.pass(HOUR);
    // Of a day, three.
    assert_eq!(told_to_wait(&ask(3), TOO_MANY) + HOUR * 3, DAY);
}

#[test]
fn a_known_browser_is_texted_when_the_money_is_spent() {
    let gate = defaults(&[BEHIND, DEAR]);
    let mut known = gate.browser();
    known.sign_in("/", ADA, &gate.texts).is(200);
    known.post("/.doorcode/sign-out", &[]).is(303);
    gate.pass(MINUTE);
    (0..11).for_each(|n| drop(ask(&gate, n).is(303)));
    told_to_wait(&ask(&gate, 11), TOO_MANY);
    gate.texts.text(12);
    known.sign_in("/", ADA, &gate.texts).is(200);
    // It was paid for all the same: as the first text leaves the window, it is full with this one.
    gate.pass(MINUTE * 59);
    assert_eq!(told_to_wait(&ask(&gate, 11), TOO_MANY), MINUTE);
}

#[test]
fn texts_of_the_terminal_and_texts_without_a_price_cost_nothing() {
    let gate = defaults(&[BEHIND, ("[sms]", "[sms.prices]\nUS = \"0\"\n[sms]")]);
    (0..20).for_each(|n| drop(ask(&gate, n).is(303)));
    let spent = "doorcode_budgets_used_total{limit=\"spend_1h\",percent=\"50\"}";
    assert_eq!(metric(gate.admin, spent), 0);
}
