//! Upstreams that are asked how they are.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use super::app::App;
use super::{at, gate};
use crate::support::gate::wait_for;
use crate::support::metrics::{metric, wait_until};

/// Whether the site Down uses its upstream at this port, as a metric.
pub(super) fn gauge(port: u16) -> String {
    format!("doorcode_upstream_up{{site=\"Down\",upstream=\"{}\"}}", at(port))
}

#[test]
fn an_upstream_that_says_it_does_not_work_gets_no_requests_until_it_does() {
    let (one, other) = (App::start(), App::start());
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(one.port), at(other.port)], lines);
    let up = gauge(one.port);
    // In use from the start, whatever is not known yet.
    assert_eq!(metric(gate.admin, &up), 1);
    one.is_healthy(503);
    wait_until(gate.admin, &up, 0);
    let before = one.requests();
    for _ in 0..10 {
        gate.browser().get("/down/x").is(200).says(&other.port.to_string());
    }
    assert_eq!(one.requests(), before);
    one.is_healthy(200);
    wait_until(gate.admin, &up, 1);
    (0..2).for_each(|_| drop(gate.browser().get("/down/x").is(200)));
    assert_eq!(one.requests(), before + 1);
}

#[test]
fn a_single_upstream_is_used_whatever_its_health() {
    let app = App::start();
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(app.port)], lines);
    app.is_healthy(500);
    wait_until(gate.admin, &gauge(app.port), 0);
    gate.browser().get("/down/x").is(200);
}

#[test]
fn an_upstream_that_comes_back_ill_gets_no_requests_until_it_is_well() {
    let (one, other) = (App::start(), App::start());
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(one.port), at(other.port)], lines);
    one.end();
    wait_until(gate.admin, &gauge(one.port), 0);
    let again = App::instead_of(&one, 503);
    let ask = || gate.browser().get("/down/x").is(200).says(&other.port.to_string());
    wait_for("two health checks", || {
        ask();
        (again.checks() >= 2).then_some(())
    });
    assert_eq!(again.requests(), 0);
    again.is_healthy(200);
    wait_until(gate.admin, &gauge(one.port), 1);
    (0..2).for_each(|_| drop(gate.browser().get("/down/x").is(200)));
    assert_eq!(again.requests(), 1);
}

#[test]
fn an_upstream_that_answers_no_check_gets_no_requests() {
    // Connections are taken, and nobody reads what comes.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let (port, app) = (silent.local_addr().expect("bound").port(), App::start());
    let lines = "upstream = { connect_timeout = \"1s\", health = { path = \"/healthz\", interval = \"1s\" } }\n";
    let gate = gate(&[at(port), at(app.port)], lines);
    wait_until(gate.admin, &gauge(port), 0);
    for _ in 0..4 {
        gate.browser().get("/down/x").is(200).says(&app.port.to_string());
    }
}

#[test]
fn an_upstream_that_speaks_another_protocol_gets_no_requests() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let (port, app) = (other.local_addr().expect("bound").port(), App::start());
    let lines = "upstream.health = { path = \"/healthz\", interval = \"1s\" }\n";
    let gate = gate(&[at(port), at(app.port)], lines);
    // Ends with the test.
    std::thread::spawn(move || {
        for mut stream in other.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9 200 \r\n");
        }
    });
    wait_until(gate.admin, &gauge(port), 0);
}

#[test]
fn a_check_has_the_host_that_requests_have() {
    let app = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = app.local_addr().expect("bound").port();
    let lines = "send_host = \"inner.example\"\nupstream.health = { path = \"/healthz?deep\", interval = \"1s\" }\n";
    let _gate = gate(&[at(port)], lines);
    let (stream, _) = app.accept().expect("a connection");
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    assert_eq!(head[0], "GET /healthz?deep HTTP/1.1");
    assert!(head.iter().any(|line| line == "Host: inner.example"), "{head:?}");
}
