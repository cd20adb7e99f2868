//! What there may not be too much of: the counters, the table of limits, and what people are told.
mod budgets;
mod captcha;
mod challenge;
mod conversion;
mod counters;
mod flood;
mod kept;
mod numbers;
mod sources;
mod spacing;
mod told;
mod waits;
mod wrong_codes;

use std::time::Duration;

use crate::support::browser::{Browser, flow_of};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::RAISED;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// With the limits that an operator gets who says nothing of them, and nothing before them.
pub(crate) fn defaults(changes: &[(&str, &str)]) -> Gate {
    let unchallenged = ("countries = [", "challenge = false\ncountries = [");
    Gate::changed(&[&[(RAISED, ""), unchallenged], changes].concat())
}

/// Longer than the waits after the first four texts to a number, and in whole minutes.
const WAITS: [Duration; 4] =
    [MINUTE, MINUTE.saturating_mul(2), MINUTE.saturating_mul(3), MINUTE.saturating_mul(5)];

/// All five texts that a number may have in an hour, each to another browser as soon as it may be:
/// in eleven minutes.
#[track_caller]
fn use_up_the_hour(gate: &Gate, mut ask: impl FnMut() -> Answer) {
    for wait in WAITS {
        texted(gate, &mut ask);
        gate.pass(wait);
    }
    texted(gate, &mut ask);
}

/// A start that is taken, and whose text is sent: one that waits while time passes may be too late.
#[track_caller]
fn texted(gate: &Gate, ask: impl FnOnce() -> Answer) {
    let before = gate.texts.messages().len();
    ask().is(303);
    gate.texts.text(before + 1);
}

/// Believes the address that a test writes in front of a request.
const BEHIND: (&str, &str) = ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n");

/// A number that nobody else has, far from the one before: there are 2,000 of them.
fn number(n: u32) -> String {
    let area = ["202", "212", "303", "415"][n as usize % 4];
    format!("+1{area}{}{:04}", 300 + n / 4, 2000 + n)
}

/// Posts a number from `address`, which a proxy in front tells.
#[track_caller]
fn start_from(browser: &mut Browser, address: &str, phone: &str) -> Answer {
    let page = browser.visit("/");
    let form = [("flow", flow_of(&page)), ("phone", phone.to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let told = [("X-Forwarded-For", address)];
    let answer = browser.send("POST", "/.doorcode/login", &told, Some(&form));
    why_refused(browser, answer)
}

/// The page that a refused form leads to; other answers are left as they are.
#[track_caller]
fn why_refused(browser: &mut Browser, answer: Answer) -> Answer {
    let refused = answer.header("location").is_some_and(|to| to.contains("/refused?"));
    if refused { browser.follow(answer.is(303)) } else { answer }
}

/// Of many answers to forms: how many were not refused, and how many were.
fn let_through(answers: &[Answer]) -> (usize, usize) {
    assert!(answers.iter().all(|answer| answer.status == 303));
    let refused = answers.iter().filter(|answer| answer.location().contains("/refused?")).count();
    (answers.len() - refused, refused)
}

/// The answer is 429, and page and header tell the same span: so many seconds.
#[track_caller]
fn told_to_wait(answer: &Answer, heading: &str) -> Duration {
    let page = answer.text();
    assert_eq!(answer.status, 429, "{answer}");
    assert!(page.contains(heading), "no `{heading}` in {page}");
    let seconds: u64 = answer.header("retry-after").expect("when").parse().expect("seconds");
    let minutes = seconds / 60;
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    assert!(page.contains(&format!("in about {minutes} {unit}, at ")), "{seconds} s, but {page}");
    assert!(page.contains("hreflang=\"fr\""), "no other language: {page}");
    assert_eq!(seconds % 60, 0, "whole minutes, as on the page");
    Duration::from_secs(seconds)
}

/// Too early by a minute, the answer is still 429; then it is not.
#[track_caller]
fn ends_after(gate: &Gate, wait: Duration, mut ask: impl FnMut() -> Answer) -> Answer {
    gate.pass(wait.saturating_sub(MINUTE));
    assert_eq!(ask().status, 429, "too early");
    gate.pass(MINUTE);
    let answer = ask();
    assert_ne!(answer.status, 429, "{answer}");
    answer
}
