//! Clients that stall, hurry, or cannot be understood: each is told what is wrong, and nobody else.
use std::time::Duration;

use super::app::App;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers half a second after each request, when its body is there.
fn slow() -> App {
    App::start(|line| {
        while let Some(head) = line.head() {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap_or("0\r");
            let length = length.split('\r').next().unwrap_or_default().parse().unwrap_or(0);
            let (mut at, mut bytes) = (0, vec![0; length]);
            while at < length {
                match line.hear(&mut bytes[at..]) {
                    0 => return,
                    count => at += count,
                }
            }
            if head.contains("chunked") && !line.skip_chunks() {
                return;
            }
            std::thread::sleep(Duration::from_millis(500));
            if line.say(OK).is_err() {
                return;
            }
        }
    })
}

#[test]
fn a_client_that_stops_in_its_body_is_told_so_and_the_app_is_not_blamed() {
    let app = slow();
    // Of which a busy machine may take seconds for itself.
    let gate = app.gate(&[("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"5s\"\n")]);
    let host = gate.browser().authority;
    let stopped = [
        ("Content-Length: 10", "hello"),
        ("Content-Length: 10", ""),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n"),
    ];
    let stopped = stopped.map(|(framing, body)| {
        let mut wire = Wire::to(gate.port);
        let head = format!("POST /down/x HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n{body}");
        wire.send(head.as_bytes()).expect("sent");
        wire
    });
    // One that goes on, slowly, is waited for: longer in all than the app may be silent.
    let mut wire = Wire::to(gate.port);
    let head = format!("POST /down/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\n");
    wire.send(head.as_bytes()).expect("sent");
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(1500));
        wire.send(b"a").expect("sent");
    }
    wire.answer(false).expect("an answer").is(200);
    for mut wire in stopped {
        wire.answer(false).expect("an answer").is(408);
    }
    let told = || {
        let log = gate.access_log();
        (log.matches("\"status\":408").count() == 3).then_some(log)
    };
    let log = wait_for("three lines in the access log", told);
    assert!(!log.contains("upstream-failed"), "{log}");
}

#[test]
fn what_comes_while_the_app_works_does_not_disturb_the_answer() {
    let app = slow();
    let gate = app.gate(&[]);
    let browser = gate.browser();
    let request = browser.request("GET", "/down/x", &[], None);
    let post = browser.request("POST", "/down/x", &[], Some(&[("a", "b")]));
    for (first, then) in [
        (&request, &request[..]),
        (&request, b"\r\n"),
        (&post, b"\r\n"),
        (&post, &request),
        (&request, b"nonsense"),
    ] {
        let before = app.count();
        let mut wire = Wire::to(gate.port);
        wire.send(first).expect("sent");
        wait_for("the request at the app", || (app.count() > before).then_some(()));
        wire.send(then).expect("sent");
        wire.answer(false).expect("an answer").is(200).says("ok");
        // What came too early is not looked at: the client asks once more (RFC 9112 §9.3.2).
        wire.hurry(Duration::from_secs(20));
        assert!(wire.is_closed());
        assert_eq!(app.count(), before + 1);
    }
}

#[test]
fn a_client_that_goes_away_ends_its_request() {
    let app = App::start(|line| {
        let _ = line.head();
        // The end of the connection is all that comes.
        if line.hear(&mut [0; 1]) == 0 {
            let _ = line.say(OK);
        }
    });
    let gate = app.gate(&[]);
    let mut wire = Wire::to(gate.port);
    wire.send(&gate.browser().request("GET", "/down/x", &[], None)).expect("sent");
    wait_for("the request at the app", || (app.count() == 1).then_some(()));
    drop(wire);
    wait_for("line", || gate.access_log().contains("\"path\":\"/down/x\"").then_some(()));
    assert!(!gate.access_log().contains("\"status\":200"), "{}", gate.access_log());
}

/// Heads that no server can read, and what is answered.
fn unreadable(host: &str) -> Vec<(String, u16)> {
    let many: String = ["X-A: b\r\n"; 300].concat();
    [
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nBad Name: x\r\n\r\n"), 400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nX: a\0b\r\n\r\n"), 400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"), 400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"), 400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: x\r\n\r\n"), 400),
        (format!("POST /public/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{host}"), 400),
        (format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405),
    ]
    .to_vec()
}

#[test]
fn a_head_that_cannot_be_read_has_an_id_an_answer_and_a_line_too() {
    for keys in [&[][..], &[("[server]\n", "[server]\nh2c = true\n")]] {
        let gate = Gate::changed(keys);
        let host = gate.browser().authority;
        let cases = unreadable(&host);
        let mut ids = Vec::new();
        // Each on a connection of its own, and as the second on one.
        for (head, status) in cases.iter().chain(&cases) {
            let mut wire = Wire::to(gate.port);
            if ids.len() >= cases.len() {
                wire.send(&gate.browser().request("GET", "/public/x", &[], None)).unwrap();
                wire.answer(false).unwrap().is(200);
            }
            wire.send(head.as_bytes()).expect("sent");
            let answer = wire.answer(false).unwrap_or_else(|why| panic!("{head}: {why}"));
            let answer = answer.is(*status);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
            assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")), "{answer}");
            assert_eq!(answer.header("allow").is_some(), *status == 405, "{answer}");
            assert_eq!(answer.header("connection"), Some("close"), "{answer}");
            ids.push(answer.header("x-request-id").expect("an id").to_owned());
            wire.hurry(Duration::from_secs(20));
            assert!(wire.is_closed(), "{head}");
        }
        let all = || ids.iter().all(|id| gate.access_log().contains(id)).then(|| gate.access_log());
        let log = wait_for("a line for each", all);
        for id in &ids {
            let line = log.lines().find(|line| line.contains(id)).expect("a line");
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(line["decision"], "bad-request", "{line}");
            assert_eq!(line["client"], "127.0.0.1", "{line}");
            assert!(line["status"] == 400 || line["status"] == 405, "{line}");
        }
        assert_eq!(gate.app.count(), cases.len());
    }
}
