//! A telephone was stolen, and the operator blocks its number while the server runs.
use std::time::Duration;

use doorcode::app;
use doorcode::domain::PhoneNumber;
use serde_json::json;

use super::world::{HERE, Login, api, gate, get, is_refused, is_refused_soon, login};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};

fn refresh(gate: &Gate, login: &Login) -> Answer {
    let ask = json!({
        "grant_type": "refresh_token", "client_id": "spa", "refresh_token": login.refresh(),
    });
    api(gate, "/oauth/token", &ask)
}

#[test]
fn who_is_blocked_by_the_command_is_out_with_browser_refresh_token_and_bearer() {
    let gate = gate(&[]);
    let bob = PhoneNumber::from_e164(BOB).unwrap();
    let shown = || app::show_user(&gate.config, &bob, &gate.system()).unwrap();
    let (given, others) = (login(&gate, BOB, HERE), login(&gate, ADA, HERE));
    gate.pass(Duration::from_mins(5));
    let mut browser = gate.browser();
    browser.sign_in("/orders", BOB, &gate.texts).is(200);
    for token in [given.access(), others.access()] {
        get(&gate, "/orders", token).is(200);
    }
    assert!(shown().contains("\nsessions       2\n"), "{}", shown());

    app::block_user(&gate.config, &bob, &gate.system()).unwrap();
    wait_for("an end", || (browser.get("/orders").status == 303).then_some(()));
    is_refused_soon(&gate, given.access(), "of who is blocked");
    refresh(&gate, &given).is(403).says("invalid_grant");
    get(&gate, "/orders", others.access()).is(200);
    refresh(&gate, &others).is(200);
    assert!(shown().contains("\nblocked since  2026-01-01T00:05:00Z\n"), "{}", shown());
    assert!(shown().contains("\nsessions       0\n"), "{}", shown());
    gate.pass(Duration::from_mins(5));
    let again = app::block_user(&gate.config, &bob, &gate.system()).unwrap();
    assert!(again.contains("since 2026-01-01T00:05:00Z"), "the first time counts: {again}");
    assert!(shown().contains("\nblocked since  2026-01-01T00:05:00Z\n"), "{}", shown());

    app::unblock_user(&gate.config, &bob, &gate.system()).unwrap();
    browser.get("/orders").is(303);
    is_refused(&get(&gate, "/orders", given.access()), "what ended stays so");
    refresh(&gate, &given).is(403);
    gate.browser().sign_in("/orders", BOB, &gate.texts).is(200);
    assert!(shown().contains("\nsessions       1\n"), "{}", shown());
    // A browser's session ends by not being used; the tokens of the other ended before.
    gate.pass(Duration::from_hours(24));
    assert!(shown().contains("\nsessions       0\n"), "{}", shown());
}
