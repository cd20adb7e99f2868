//! What a server does with its store by itself.
use std::time::Duration;

use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::ADA;
use crate::support::tables::{counters, session_tokens, sessions, spent_codes};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

#[test]
fn the_server_sweeps_by_itself_and_loses_nobody_who_is_signed_in() {
    let gate = Gate::changed(&[("[login]", "[login]\nsession_idle = \"20d\"")]);
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let mut gone = gate.browser();
    gone.sign_in("/", ADA, &gate.texts).is(200);
    gone.post("/.doorcode/sign-out", &[]).is(303);
    assert_eq!(gate.count(sessions::ALL), 2);
    gate.pass(DAY + MINUTE);
    wait_for("sweep", || (gate.count(sessions::ALL) == 1).then_some(()));
    wait_for("sweep of the rest", || (gate.count(spent_codes::ALL) == 0).then_some(()));
    assert_eq!(gate.count(session_tokens::ALL), 1);
    assert_eq!(gate.count(counters::SHORTER_THAN_A_DAY), 0);
    ada.get("/orders").is(200);
    gone.get("/orders").is(303);
    let page = gone.visit("/");
    let page = gone.give_number(&page, ADA).is(200);
    let text = gate.texts.text(3);
    let answer = gone.give_code(&page, &code_in(&text.body)).is(303);
    gone.finish(answer).is(200);
}
