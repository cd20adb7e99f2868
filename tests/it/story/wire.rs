//! How connections are used and ended.
use std::time::Duration;

use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::settings::ADA;

#[test]
fn a_request_head_that_drips_in_is_cut_off() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let mut wire = Wire::to(gate.port);
    wire.send(format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nX-Drip: ").as_bytes()).unwrap();
    let mut sent = 0;
    // A byte a quarter of a second: each would start an ordinary read time-out anew.
    while sent < 120 && wire.send(b"a").is_ok() {
        std::thread::sleep(Duration::from_millis(250));
        sent += 1;
    }
    assert!((32..100).contains(&sent), "cut off after {sent} quarters of a second");
    assert!(wire.is_closed());
    assert_eq!(gate.app.count(), 0);
    gate.browser().get("/public/x").is(200);
}

#[test]
fn a_slow_app_is_not_a_slow_head() {
    let gate = Gate::start();
    gate.app.slows("/public/slow", Duration::from_millis(10_500));
    gate.browser().get("/public/slow").is(200).says("the app");
}

#[test]
fn a_connection_serves_request_after_request() {
    let gate = Gate::start();
    let browser = gate.browser();
    let mut wire = Wire::to(gate.port);
    for _ in 0..50 {
        wire.send(&browser.request("GET", "/public/x", &[], None)).unwrap();
        wire.answer(false).unwrap().is(200);
        wire.send(&browser.request("GET", "/orders", &[], None)).unwrap();
        wire.answer(false).unwrap().is(303);
        wire.send(&browser.request("HEAD", "/public/x", &[], None)).unwrap();
        wire.answer(true).unwrap().is(200);
        wire.send(&browser.request("POST", "/.doorcode/login", &[], Some(&[]))).unwrap();
        wire.answer(false).unwrap().is(400);
    }
    assert_eq!(gate.app.count(), 100);
}

#[test]
fn a_client_that_wants_its_connection_closed_gets_that() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    for path in ["/public/x", "/orders", "/.doorcode/signed-out"] {
        for head in [
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            // Without keep-alive, HTTP/1.0 ends with the answer.
            format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"),
        ] {
            let mut wire = Wire::to(gate.port);
            wire.send(head.as_bytes()).unwrap();
            wire.answer(false).unwrap();
            wire.hurry(Duration::from_secs(5));
            assert!(wire.is_closed(), "{head}");
        }
    }
}

#[test]
fn a_body_with_two_lengths_ends_its_connection() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let hidden = format!("GET /public/hidden HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let mut wire = Wire::to(gate.port);
    wire.send(
        format!(
            "POST /public/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        )
        .as_bytes(),
    )
    .unwrap();
    // Whatever is answered, what follows is not taken for another request (RFC 9112 §6.1).
    drop(wire.answer(false));
    wire.hurry(Duration::from_secs(5));
    assert!(wire.is_closed());
    assert!(gate.app.seen().iter().all(|seen| seen.target != "/public/hidden"));
}

#[test]
fn the_access_log_has_a_line_for_each_request_and_no_secret_in_any() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/orders?token=in-the-query", ADA, &gate.texts).is(200);
    browser.get("/orders/8").is(200);
    let last = || gate.access_log().contains("\"path\":\"/orders/8\"").then_some(());
    wait_for("line in the access log", last);

    let log = gate.access_log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(line["status"].is_u64() && line["decision"].is_string(), "{line}");
    }
    let user = gate.app.last().header("x-forwarded-user").expect("a user").to_owned();
    assert!(log.contains(&format!("\"user\":\"{user}\"")), "{log}");
    let session = browser.session();
    for hidden in ["in-the-query", "flow=", "2025550123", session.as_str()] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[test]
fn an_operator_is_told_whether_the_server_is_well() {
    let gate = Gate::start();
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/startupz", 200), ("/metricz", 404)]
    {
        let request = format!("GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n");
        crate::support::http::exchange(gate.admin, request.as_bytes()).is(status);
    }
}
