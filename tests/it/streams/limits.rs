//! How many connections there may be, and how long a body.
use std::time::Duration;

use super::app::App;
use crate::support::browser::Browser;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire};
use crate::support::program::Program;
use crate::support::settings::ADA;
use crate::support::twilio::FakeTwilio;
use crate::support::upstream::Upstream;

#[track_caller]
fn asked(wire: &mut Wire, request: &[u8]) -> Answer {
    wire.send(request).expect("sent");
    wire.answer(false).expect("an answer")
}

/// Whether a new connection is closed before anything was asked on it.
fn is_refused(port: u16) -> bool {
    let mut wire = Wire::to(port);
    wire.hurry(Duration::from_secs(20));
    wire.is_closed()
}

#[test]
fn one_address_has_so_many_connections_and_no_more_until_one_ends() {
    let limit = "[server]\nconnections_per_address = 3\n";
    let gate = Gate::changed(&[("[server]\n", limit)]);
    let request = gate.browser().request("GET", "/public/x", &[], None);
    // The last looks of the gate's own start may still be open.
    wait_for("room", || {
        let mut wires: Vec<Wire> = (0..3).map(|_| Wire::to(gate.port)).collect();
        let answered = wires.iter_mut().all(|wire| {
            wire.send(&request).is_ok() && wire.answer(false).is_ok_and(|a| a.status == 200)
        });
        answered.then(|| {
            assert!(is_refused(gate.port), "the fourth connection is taken");
            asked(&mut wires[0], &request).is(200);
            drop(wires.pop());
            wait_for("room for one more", || {
                let mut wire = Wire::to(gate.port);
                wire.send(&request).ok()?;
                wire.answer(false).ok().map(|answer| answer.is(200))
            });
        })
    });
}

#[test]
fn a_trusted_proxy_has_as_many_connections_as_there_are() {
    let limit = "[server]\nconnections_per_address = 2\nconnections = 6\n\
                 trusted_proxies = [\"127.0.0.0/8\"]\n";
    let gate = Gate::changed(&[("[server]\n", limit)]);
    let request = gate.browser().request("GET", "/public/x", &[], None);
    wait_for("room", || {
        let mut wires: Vec<Wire> = (0..6).map(|_| Wire::to(gate.port)).collect();
        let answered = wires.iter_mut().all(|wire| {
            wire.send(&request).is_ok() && wire.answer(false).is_ok_and(|a| a.status == 200)
        });
        answered.then(|| assert!(is_refused(gate.port), "the seventh connection is taken"))
    });
}

#[test]
fn a_connection_on_which_nothing_is_asked_for_is_closed() {
    // Time enough for the first request on a busy machine.
    let gate = Gate::changed(&[("[server]\n", "[server]\nidle = \"4s\"\n")]);
    let mut wire = Wire::to(gate.port);
    wire.hurry(Duration::from_secs(20));
    asked(&mut wire, &gate.browser().request("GET", "/public/x", &[], None)).is(200);
    assert!(wire.is_closed());
}

#[test]
fn many_connections_wait_and_all_are_served() {
    // A busy machine opens them for longer than a connection may be idle by default.
    let gate = Gate::changed(&[("[server]\n", "[server]\nidle = \"10m\"\n")]);
    hold(gate.port, gate.browser(), &gate.texts, &gate.app, 500);
}

#[test]
#[ignore = "needs 10,500 open files in each of two processes; run by tests/long"]
fn ten_thousand_connections_wait_and_all_are_served() {
    let raised = "[server]\nconnections = 10500\nconnections_per_address = 10500\nexchanges = 1000\nidle = \"10m\"\n";
    let program = Program::changed("warn", &[("[server]\n", raised)]);
    hold(program.port, program.browser(), &program.texts, &program.app, 10_000);
    // 45 KiB for each, and what a server has anyway.
    assert!(program.peak_memory() < 900 * 1024, "{} KiB", program.peak_memory());
}

/// Opens so many connections, asks once on each, and when all are open once more.
fn hold(port: u16, mut ada: Browser, texts: &FakeTwilio, app: &Upstream, many: usize) {
    ada.sign_in("/orders", ADA, texts).is(200);
    let request = ada.request("GET", "/orders", &[], None);
    let before = app.count();
    // Asked at once: a connection that brings no head is not kept for long.
    let open = |_| {
        let mut wire = Wire::to(port);
        asked(&mut wire, &request).is(200);
        wire
    };
    let mut wires: Vec<Wire> = (0..many).map(open).collect();
    for wire in &mut wires {
        asked(wire, &request).is(200);
    }
    assert_eq!(app.count() - before, 2 * many);
}

/// Takes whole requests with a length, and answers them.
fn short_bodies() -> App {
    App::start(|line| {
        while let Some(head) = line.head() {
            if head.contains("chunked") {
                // Never comes to an end, or the test is wrong.
                let mut bytes = [0; 4096];
                while line.hear(&mut bytes) > 0 {}
                return;
            }
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap_or("0\r\n");
            let length: usize = length.split('\r').next().unwrap().parse().expect("a length");
            let mut body = vec![0; length];
            let mut at = 0;
            while at < length {
                at += line.hear(&mut body[at..]);
            }
            line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("said");
        }
    })
}

#[test]
fn a_body_is_as_long_as_its_site_takes() {
    let app = short_bodies();
    let limit = ("name = \"Down\"\n", "name = \"Down\"\nmax_body = \"64KiB\"\n");
    let gate = app.gate(&[limit]);
    let host = gate.browser().authority;
    let post = |framing: &str| {
        format!("POST /down/x HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n").into_bytes()
    };
    let most = 64 << 10;
    let fits = [post(&format!("Content-Length: {most}\r\n")), vec![b'a'; most]].concat();
    asked(&mut Wire::to(gate.port), &fits).is(200);
    assert_eq!(app.count(), 1);

    let said = post(&format!("Content-Length: {}\r\n", most + 1));
    let answer = asked(&mut Wire::to(gate.port), &said).is(413);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let expects = post(&format!("Content-Length: {}\r\nExpect: 100-continue\r\n", most + 1));
    asked(&mut Wire::to(gate.port), &expects).is(413);
    assert_eq!(app.count(), 1, "a body that is said to be too long never reaches the app");

    let mut wire = Wire::to(gate.port);
    wire.send(&post("Transfer-Encoding: chunked\r\n")).expect("sent");
    let chunk = [format!("{:x}\r\n", 32 << 10).into_bytes(), vec![b'a'; 32 << 10]].concat();
    for _ in 0..3 {
        wire.send(&[chunk.as_slice(), b"\r\n"].concat()).expect("sent");
    }
    wire.answer(false).expect("an answer").is(413);
    wire.hurry(Duration::from_secs(20));
    assert!(wire.is_closed());
    assert_eq!(app.count(), 2, "nobody said how long it was");
    // Other sites take as much as ever.
    let long = [b"POST /public/x HTTP/1.1\r\nHost: ".as_slice(), host.as_bytes()].concat();
    let long =
        [&long, b"\r\nContent-Length: 65537\r\n\r\n".as_slice(), &vec![b'a'; 65_537]].concat();
    asked(&mut Wire::to(gate.port), &long).is(200);
    assert_eq!(gate.app.last().body.len(), 65_537);
}

#[test]
fn who_sends_a_long_body_that_nobody_wants_still_reads_the_answer() {
    let app = short_bodies();
    let gate = app.gate(&[("name = \"Down\"\n", "name = \"Down\"\nmax_body = \"1KiB\"\n")]);
    let host = gate.browser().authority;
    for (path, status) in [("/down/x", 413), ("/orders", 401), ("/.doorcode/login", 413)] {
        for _ in 0..10 {
            let length = 8 << 20;
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
            let mut wire = Wire::to(gate.port);
            wire.send(head.as_bytes()).expect("sent");
            // As a simple client does, all of it before it reads.
            wire.send(&vec![b'a'; length]).expect("sent");
            wire.answer(false).expect("an answer").is(status);
        }
    }
    assert_eq!(app.count() + gate.app.count(), 0);
}
