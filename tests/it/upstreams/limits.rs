//! How long upstreams and their connections are waited for and kept.
use std::time::Duration;

use super::app::App;
use super::{at, gate};
use crate::support::http::Wire;

#[test]
fn the_first_byte_has_a_time_of_its_own() {
    let app = App::start();
    let gate = gate(&[at(app.port)], "upstream.first_byte_timeout = \"1s\"\n");
    gate.browser().get("/down/slow").is(504);
    // Afterwards the usual one.
    assert_eq!(gate.browser().get("/down/drips").is(200).body.len(), 60);
}

#[test]
fn a_whole_answer_has_a_time_of_its_own() {
    let app = App::start();
    let gate = gate(&[at(app.port)], "upstream.total_timeout = \"1s\"\n");
    gate.browser().get("/down/x").is(200);
    let mut wire = Wire::to(gate.port);
    wire.send(&gate.browser().request("GET", "/down/drips", &[], None)).expect("sent");
    wire.answer(false).expect_err("an answer that is cut off");
}

#[test]
fn connections_are_kept_for_as_long_as_the_site_says() {
    let app = App::start();
    let gate = gate(&[at(app.port)], "upstream.idle_timeout = \"3s\"\n");
    for _ in 0..10 {
        gate.browser().get("/down/x").is(200);
    }
    // A connection is kept a moment after its answer: the next request may come before that.
    let before = app.connections();
    assert!(before < 10, "none is kept");
    std::thread::sleep(Duration::from_secs(4));
    gate.browser().get("/down/x").is(200);
    assert_eq!(app.connections(), before + 1);
}

#[test]
fn a_kept_connection_that_the_app_has_closed_is_not_used() {
    let app = App::start();
    let gate = gate(&[at(app.port)], "");
    for _ in 0..5 {
        // Is never sent again.
        gate.browser().send("POST", "/down/x", &[("Origin", "")], None).is(200);
        // A connection is kept a moment after its answer.
        std::thread::sleep(Duration::from_millis(100));
        app.closes_connections();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(app.requests(), 5);
}
