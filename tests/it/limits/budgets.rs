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
