//! How connections are used and ended.
use std::time::{Duration, Instant};

use crate::support::browser::WEBSOCKET;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::settings::ADA;

/// Sends a head a byte a quarter of a second, each of which would start an ordinary read time-out
/// anew, until the server has enough. Gives how long that took.
#[expect(clippy::disallowed_methods, reason = "how long a client is waited for is real time")]
fn drip(port: u16, before: Option<Vec<u8>>, head: &str) -> Duration {
    let mut wire = Wire::to(port);
    if let Some(whole) = before {
        wire.send(&whole).unwrap();
        wire.answer(false).unwrap().is(200);
    }
    let begun = Instant::now();
    wire.send(head.as_bytes()).unwrap();
    while begun.elapsed() < Duration::from_secs(30) && wire.send(b"a").is_ok() {
        std::thread::sleep(Duration::from_millis(250));
    }
    assert!(wire.is_closed());
    begun.elapsed()
}

#[test]
fn a_head_that_drips_in_is_cut_off_and_an_app_that_takes_as_long_is_waited_for() {
    let gate = Gate::start();
    let browser = gate.browser();
    gate.app.slows("/public/slow", Duration::from_millis(10_500));
    let head = format!("GET /public/x HTTP/1.1\r\nHost: {}\r\nX-Drip: ", browser.authority);
    let (first, second) = std::thread::scope(|scope| {
        let whole = browser.request("GET", "/public/x", &[], None);
        let (port, head) = (gate.port, head.as_str());
        let first = scope.spawn(move || drip(port, None, head));
        // The second head on a connection must not take longer than the first.
        let second = scope.spawn(move || drip(port, Some(whole), head));
        gate.browser().get("/public/slow").is(200).says("the app");
        (first.join().unwrap(), second.join().unwrap())
    });
    for time in [first, second] {
        // 10 s. A busy machine takes longer, and nothing may take less than a read time-out.
        assert!((3..25).contains(&time.as_secs()), "cut off after {time:?}");
    }
    assert_eq!(gate.app.count(), 2, "the slow one, and the whole one before the second head");
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
        wire.answer(false).unwrap().is(303);
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
            wire.hurry(Duration::from_secs(20));
            assert!(wire.is_closed(), "{head}");
        }
    }
}

#[test]
fn nothing_is_hidden_behind_the_end_of_a_body() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let hidden = format!("GET /public/hidden HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let length = hidden.len();
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_owned(),
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: 0\r\n\r\n"),
        format!("Content-Length: 0, {length}\r\n\r\n"),
        "Content-Length: +0\r\n\r\n".to_owned(),
        "Content-Length: -1\r\n\r\n".to_owned(),
        "Content-Length: 0x0\r\n\r\n".to_owned(),
        "Content-Length : 0\r\n\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n".to_owned(),
    ] {
        let mut wire = Wire::to(gate.port);
        let head = format!("POST /public/x HTTP/1.1\r\nHost: {host}\r\n");
        wire.send(format!("{head}{framing}{hidden}").as_bytes()).unwrap();
        wire.hurry(Duration::from_secs(20));
        // Whatever is answered, what follows is not taken for another request (RFC 9112 §6.3).
        let answer = wire.answer(false);
        let said = answer.as_ref().map_or(0, |answer| answer.status);
        assert!(wire.is_closed(), "{framing}: {said}");
        let found = gate.app.seen().iter().any(|seen| seen.target == "/public/hidden");
        assert!(!found, "{framing}: {said}");
    }
}

#[test]
fn a_client_that_asks_before_it_sends_its_body_is_told_to_go_on() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    for (path, status) in [("/public/x", 200), ("/.doorcode/login", 400)] {
        let mut wire = Wire::to(gate.port);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\n"
        );
        wire.send(head.as_bytes()).unwrap();
        wire.answer(false).unwrap().is(100);
        wire.send(b"flow=x").unwrap();
        wire.answer(false).unwrap().is(status);
    }
    assert_eq!(gate.app.last().body, b"flow=x");
}

#[test]
fn a_websocket_passes_for_somebody_who_is_signed_in() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let origin = browser.origin();
    let lines = [&WEBSOCKET[..], &[("Origin", origin.as_str())]].concat();
    browser.send("GET", "/socket", &lines, None).is(401);
    browser.sign_in("/", ADA, &gate.texts).is(200);
    let mut wire = Wire::to(gate.port);
    wire.send(&browser.request("GET", "/socket", &lines, None)).unwrap();
    let answer = wire.answer(false).unwrap().is(101);
    assert_eq!(answer.header("upgrade"), Some("websocket"), "{answer}");
    for word in ["one", "two"] {
        wire.send(word.as_bytes()).unwrap();
        assert_eq!(wire.bytes(3), word.as_bytes(), "what the app echoes");
    }
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(ADA));
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

#[test]
fn a_head_that_would_have_to_be_mended_is_refused() {
    let gate = Gate::start();
    for (target, lines, body) in [
        ("/public/a#b", "", ""),
        ("/public#/../admin", "", ""),
        ("/public/x", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("/public/x", "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n"),
        ("/public/x", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", ""),
        ("/public/x", "Upgrade: websocket\r\nConnection: keep-alive\r\n", ""),
    ] {
        let host = format!("localhost:{}", gate.port);
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n{body}");
        let answer = gate.exchange(&request);
        assert_eq!(answer.status, 400, "{target} {lines}: {answer}");
    }
    assert_eq!(gate.app.count(), 0, "the app saw none of them");
    let absolute = format!(
        "GET http://localhost:{port}/public/x?a HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n",
        port = gate.port
    );
    gate.exchange(&absolute).is(200);
    assert_eq!(gate.app.last().target, "/public/x?a");
}
