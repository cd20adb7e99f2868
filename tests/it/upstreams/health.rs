//! Upstreams that are asked how they are.
use super::app::App;
use super::{at, gate};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::exchange;

/// The value of a metric whose line begins so.
pub(super) fn metric(gate: &Gate, begin: &str) -> String {
    let answer = exchange(gate.admin, b"GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n").is(200);
    let text = answer.text();
    let value = text.lines().find_map(|line| line.strip_prefix(begin));
    value.unwrap_or_else(|| panic!("no {begin} in {text}")).to_owned()
}

#[test]
fn an_upstream_that_says_it_does_not_work_gets_no_requests_until_it_does() {
    let (one, other) = (App::start(), App::start());
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(one.port), at(other.port)], lines);
    let is = |value: &str| {
        let gauge = format!("doorcode_upstream_up{{site=\"Down\",upstream=\"{}\"}} ", at(one.port));
        (metric(&gate, &gauge) == value).then_some(())
    };
    // In use from the start, whatever is not known yet.
    assert!(is("1").is_some());
    one.is_healthy(503);
    wait_for("loss", || is("0"));
    let before = one.requests();
    for _ in 0..10 {
        gate.browser().get("/down/x").is(200).says(&other.port.to_string());
    }
    assert_eq!(one.requests(), before);
    one.is_healthy(200);
    wait_for("return", || is("1"));
    (0..2).for_each(|_| drop(gate.browser().get("/down/x").is(200)));
    assert_eq!(one.requests(), before + 1);
}

#[test]
fn a_single_upstream_is_used_whatever_its_health() {
    let app = App::start();
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(app.port)], lines);
    app.is_healthy(500);
    let gauge = format!("doorcode_upstream_up{{site=\"Down\",upstream=\"{}\"}} ", at(app.port));
    wait_for("loss", || (metric(&gate, &gauge) == "0").then_some(()));
    gate.browser().get("/down/x").is(200);
}
