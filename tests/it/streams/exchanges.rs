//! How many requests may be under way, from one address and in all.
use std::time::Duration;

use super::app::App;
use super::h2::{END_HEADERS, END_STREAM, End, Frames, HEADERS, ON, fields, frame, get};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire, exchange};
use crate::support::metrics::{metric, wait_until};
use crate::support::program::Program;

/// Answers when another thread says so, by its end.
fn slow_app(gate: &Gate, path: &str) {
    gate.app.slows(path, Duration::from_secs(20));
}

fn asks(frames: &mut Frames, host: &str, from: u32, count: u32) {
    let head = fields(&get(host, "/public/slow"));
    for stream in from..from + count {
        frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 2 * stream + 1, &head));
    }
}

#[track_caller]
fn refused(answer: Answer, status: u16) {
    let seconds = answer.header("retry-after").map(str::parse::<u64>);
    assert!(matches!(seconds, Some(Ok(1..=60))), "{answer}");
    answer.is(status);
}

#[test]
fn one_address_has_so_many_requests_under_way_on_however_many_connections() {
    let limit = "[server]\nh2c = true\nexchanges_per_address = 40\n";
    let gate = Gate::changed(&[("[server]\n", limit)]);
    slow_app(&gate, "/public/slow");
    let host = gate.browser().authority;
    let mut connections: Vec<Frames> = (0..2).map(|_| Frames::to(gate.port)).collect();
    for frames in &mut connections {
        asks(frames, &host, 0, 20);
    }
    wait_for("40 requests at the app", || (gate.app.count() == 40).then_some(()));
    assert_eq!(metric(gate.admin, "doorcode_exchanges_open"), 40);
    // Over either version, to an app and to our own pages.
    for path in ["/public/x", "/.doorcode/login", "/orders"] {
        refused(gate.browser().get(path), 429);
    }
    let mut frames = Frames::to(gate.port);
    assert!(matches!(frames.ask(1, &get(&host, "/public/x")), End::Answer(false, _)));
    assert_eq!(gate.app.count(), 40);
    assert_eq!(metric(gate.admin, "doorcode_exchanges_refused_total"), 4);
    let lines = || gate.access_log().contains("\"decision\":\"limited\"").then_some(());
    wait_for("a line of a refusal", lines);
    // When the requests are taken back, there is room again.
    drop(connections);
    wait_for("room", || (gate.browser().get("/public/x").status == 200).then_some(()));
    wait_until(gate.admin, "doorcode_exchanges_open", 0);
}

#[test]
fn all_together_have_so_many_requests_under_way() {
    let limit = "[server]\nexchanges = 3\n";
    let gate = Gate::changed(&[("[server]\n", limit)]);
    slow_app(&gate, "/public/slow");
    let request = gate.browser().request("GET", "/public/slow", &[], None);
    let mut wires: Vec<Wire> = (0..3).map(|_| Wire::to(gate.port)).collect();
    for wire in &mut wires {
        wire.send(&request).expect("sent");
    }
    wait_for("three requests at the app", || (gate.app.count() == 3).then_some(()));
    refused(gate.browser().get("/public/x"), 503);
    drop(wires.pop());
    wait_for("room", || (gate.browser().get("/public/x").status == 200).then_some(()));
}

#[test]
fn clients_behind_a_trusted_proxy_are_counted_each() {
    let limit = "[server]\nexchanges_per_address = 2\ntrusted_proxies = [\"127.0.0.0/8\"]\n";
    let gate = Gate::changed(&[("[server]\n", limit)]);
    slow_app(&gate, "/public/slow");
    let from = |address| [("X-Forwarded-For", address)];
    let request = |path: &str, address| gate.browser().request("GET", path, &from(address), None);
    let mut wires: Vec<Wire> = (0..2).map(|_| Wire::to(gate.port)).collect();
    for wire in &mut wires {
        wire.send(&request("/public/slow", "203.0.113.9")).expect("sent");
    }
    wait_for("two requests at the app", || (gate.app.count() == 2).then_some(()));
    refused(exchange(gate.port, &request("/public/x", "203.0.113.9")), 429);
    exchange(gate.port, &request("/public/x", "203.0.113.10")).is(200);
}

#[test]
fn readiness_answers_while_clients_hold_all_the_files_that_they_get() {
    let app = App::start(|line| {
        line.head();
        std::thread::sleep(Duration::from_secs(100));
    });
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let changes = [("\"127.0.0.1:1\"", here.as_str()), ON];
    // Of which the program needs 60 itself.
    let program = Program::with_files("-n 320", "warn", &changes);
    let host = program.browser().authority;
    let head = fields(&get(&host, "/down/x"));
    let mut connections = Vec::new();
    for _ in 0..60 {
        let mut frames = Frames::to(program.port);
        for stream in 0..100 {
            frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 2 * stream + 1, &head));
        }
        connections.push(frames);
    }
    wait_for("requests at the app", || (app.count() > 20).then_some(()));
    for path in ["readyz", "healthz", "metrics"] {
        let request = format!("GET /{path} HTTP/1.1\r\nHost: admin\r\n\r\n");
        exchange(program.admin, request.as_bytes()).is(200);
    }
    assert!(program.open_files() < 320, "{} files", program.open_files());
    let told = program.printed();
    assert!(told.contains("the limit of open files is 320"), "{told}");
}

#[test]
fn a_start_takes_as_many_files_as_it_may_have() {
    let program = Program::with_files("-S -n 64", "warn", &[]);
    let limits = program.limits();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
    let numbers: Vec<&str> = line.split_whitespace().skip(3).collect();
    assert_eq!(numbers[0], numbers[1], "{line}");
}
