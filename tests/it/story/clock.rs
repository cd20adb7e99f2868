//! A machine's clock that is set back gives nothing more life: codes, logins, tickets, waits.
use std::time::Duration;

use doorcode::system::{Clock as _, System};

use super::codes::begin;
use crate::support::browser::flow_of;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::still::{SeededRandom, StillClock};

const MINUTE: Duration = Duration::from_mins(1);

/// Time passes, and the clock is set to when it began to.
fn pass_unseen(gate: &Gate, time: Duration) {
    gate.pass(time);
    gate.clock.set_back(time);
}

#[test]
fn a_code_dies_in_its_time_whatever_the_clock_shows() {
    let gate = Gate::changed(&[("[login]\n", "[login]\ncode_lifetime = \"1m\"\n")]);
    // What the clock shows when the minute is over.
    for back in [MINUTE, MINUTE * 10, Duration::from_hours(24 * 400)] {
        let mut browser = gate.browser();
        let (page, code) = begin(&gate, &mut browser, "/", ADA);
        gate.pass(MINUTE);
        gate.clock.set_back(back);
        let answer = browser.give_code(&page, &code).is(303);
        browser.follow(answer).is(200).says("That code has expired");
        assert_eq!(browser.cookie("doorcode"), None);
        gate.pass(MINUTE * 40);
    }
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    gate.clock.set_back(MINUTE * 90);
    gate.pass(Duration::from_secs(59));
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}

#[test]
fn a_code_dies_too_when_the_clock_is_set_forward() {
    let gate = Gate::changed(&[("[login]\n", "[login]\ncode_lifetime = \"1m\"\n")]);
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    gate.clock.set_forward(MINUTE);
    let answer = browser.give_code(&page, &code).is(303);
    browser.follow(answer).is(200).says("That code has expired");
}

#[test]
fn a_code_that_is_asked_for_again_and_again_does_not_outlive_ten_minutes() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, first) = begin(&gate, &mut browser, "/", ADA);
    let mut flow = flow_of(&page);
    for _ in 0..3 {
        pass_unseen(&gate, MINUTE * 3);
        let answer = browser.post("/.doorcode/resend", &[("flow", &flow)]).is(303);
        flow = flow_of(&browser.follow(answer).is(200));
    }
    pass_unseen(&gate, MINUTE);
    let answer = browser.post("/.doorcode/code", &[("flow", &flow), ("code", &first)]);
    browser.follow(answer).never_says("the app: ");
    assert_eq!(browser.cookie("doorcode"), None);
}

#[test]
fn a_login_that_was_begun_long_ago_is_too_old_whatever_the_clock_shows() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let flow = flow_of(&browser.visit("/orders"));
    pass_unseen(&gate, MINUTE * 10);
    let answer = browser.post("/.doorcode/login", &[("flow", &flow), ("phone", ADA)]);
    assert_eq!(gate.texts.requests(), 0, "{answer}");
}

#[test]
fn waits_end_in_their_time_when_the_clock_is_set_back() {
    let gate = crate::limits::defaults(&[]);
    let mut browser = gate.browser();
    begin(&gate, &mut browser, "/", BOB);
    gate.pass(MINUTE);
    gate.clock.set_back(Duration::from_hours(2));
    begin(&gate, &mut gate.browser(), "/", BOB);
    assert_eq!(gate.texts.messages().len(), 2);
}

#[test]
fn the_steady_clock_never_runs_back_and_never_stops() {
    let clock = std::sync::Arc::new(StillClock::new());
    let system = System::new(clock.clone(), std::sync::Arc::new(SeededRandom::new(1)));
    let begin = clock.now();
    assert_eq!(system.steady(), begin);
    clock.pass(MINUTE);
    clock.set_back(MINUTE * 30);
    assert_eq!(system.steady(), begin + MINUTE);
    clock.pass(MINUTE);
    assert_eq!(system.steady(), begin + MINUTE * 2);
    clock.set_forward(MINUTE * 30);
    assert_eq!(system.steady(), begin + MINUTE * 2, "where the clock was before");
    clock.set_forward(MINUTE);
    assert_eq!((system.steady(), clock.now()), (begin + MINUTE * 3, begin + MINUTE * 3));
    let until = system.steady() + MINUTE * 2;
    assert!(system.is_alive(until, MINUTE * 2));
    assert!(!system.is_alive(until, MINUTE), "set by a clock that was ahead");
    let as_clocks_differ = Duration::from_secs(90);
    assert!(system.is_alive(until, as_clocks_differ), "set by the clock of another node");
    assert!(!system.is_alive(until, as_clocks_differ.saturating_sub(Duration::from_millis(1))));
    clock.pass(MINUTE * 2);
    assert!(!system.is_alive(until, MINUTE * 2));
}
