//! Holes that other gateways had, tried on this one: a request that must not pass is seen by no app.
mod encoded;
mod names;
mod own_paths;
mod paths;
mod trust;

use crate::support::browser::{Browser, Line};
use crate::support::gate::Gate;
use crate::support::http::Answer;

/// Sends a request that must not pass: refused, or led to the login, and not seen by the app.
#[track_caller]
fn is_kept_out(gate: &Gate, browser: &mut Browser, target: &str, lines: &[Line<'_>]) -> Answer {
    let before = gate.app.count();
    let answer = browser.send("GET", target, lines, None);
    let passed = gate.app.count() - before;
    assert_eq!(passed, 0, "{target} {lines:?} reached the app: {:?}", gate.app.last());
    assert!(matches!(answer.status, 303 | 400..=405), "{target} {lines:?}: {answer}");
    answer
}
