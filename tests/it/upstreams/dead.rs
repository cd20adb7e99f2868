//! Upstreams that take no connection, or no longer at the same address.
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::proxy::NameLookup;
use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::app::App;
use super::{NAME, UPSTREAMS, at, gate};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::metrics::metric;

/// An address that takes no connection and refuses none: its queue is full and nobody looks at it.
struct Deaf {
    port: u16,
    _listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

fn deaf(on: &tokio::runtime::Runtime) -> Deaf {
    let _on = on.enter();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("bound");
    let listener = socket.listen(1).expect("listening");
    let address = listener.local_addr().expect("bound");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        waiting.push(stream);
    }
    Deaf { port: address.port(), _listener: listener, _waiting: waiting }
}

/// So many requests, one after the other; none may fail. How many of them took as long as a
/// connection is waited for.
fn slow_ones(gate: &Gate, count: usize) -> usize {
    let mut slow = 0;
    for n in 0..count {
        let method = ["GET", "PUT", "HEAD", "POST"][n % 4];
        let began = Instant::now();
        gate.browser().send(method, "/down/x", &[("Origin", "")], None).is(200);
        slow += usize::from(began.elapsed() >= Duration::from_millis(2900));
    }
    slow
}

#[test]
fn a_dead_upstream_fails_no_request_and_one_at_most_waits_for_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let deaf = deaf(&runtime);
    // Nothing listens on port 1.
    for (dead, most_slow) in [(at(deaf.port), 1), (at(1), 0)] {
        for alive in 1..=2 {
            let apps: Vec<App> = (0..alive).map(|_| App::start()).collect();
            let alive = apps.iter().map(|app| at(app.port));
            let upstreams = [dead.clone()].into_iter().chain(alive).collect::<Vec<_>>();
            let gate = gate(&upstreams, "");
            let slow = slow_ones(&gate, 40);
            assert!(slow <= most_slow, "{slow} of 40 waited for {dead} beside {}", apps.len());
            for app in &apps {
                assert!(app.requests() >= 40 / apps.len() - 2, "each has its turn");
            }
        }
    }
}

#[test]
fn many_at_once_do_not_wait_for_a_dead_upstream_after_the_first() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (deaf, app) = (deaf(&runtime), App::start());
    let gate = gate(&[at(deaf.port), at(app.port)], "");
    let request = gate.browser().request("GET", "/down/x", &[], None);
    let mut first: Vec<Wire> = (0..2).map(|_| Wire::to(gate.port)).collect();
    for wire in &mut first {
        wire.send(&request).expect("sent");
    }
    // One of them waits; that it does is known after half a second.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(slow_ones(&gate, 8), 0);
    for mut wire in first {
        wire.answer(false).expect("an answer").is(200);
    }
}

#[test]
fn an_upstream_that_comes_back_is_used_again_without_a_request_that_finds_out() {
    let (one, other) = (App::start(), App::start());
    let gate = gate(&[at(one.port), at(other.port)], "");
    one.end();
    assert_eq!(slow_ones(&gate, 8), 0);
    assert!(up(&gate, other.port) && !up(&gate, one.port));
    let again = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, one.port)).expect("the port");
    wait_for("return", || up(&gate, one.port).then_some(()));
    drop(again);
}

fn up(gate: &Gate, port: u16) -> bool {
    metric(gate.admin, &super::health::gauge(port)) == 1
}

#[test]
fn when_none_works_all_are_tried() {
    let (one, other) = (App::start(), App::start());
    let gate = gate(&[at(one.port), at(other.port)], "");
    one.end();
    other.end();
    gate.browser().get("/down/x").is(502);
    let line = || gate.access_log().lines().next().map(str::to_owned);
    let line = wait_for("a line", line);
    assert!(line.contains("\"decision\":\"upstream-failed\""), "{line}");
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, one.port)).expect("the port");
    let app = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        // A probe may come first, and says nothing.
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            if stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                return;
            }
        }
    });
    gate.browser().get("/down/x").is(200);
    app.join().expect("answered");
}

#[test]
fn an_upstream_that_hangs_up_costs_no_request_that_may_be_sent_twice() {
    let (one, other) = (App::start(), App::start());
    let gate = gate(&[at(one.port), at(other.port)], "");
    one.hangs_up();
    let count = |method| {
        let send = |_| gate.browser().send(method, "/down/x", &[("Origin", "")], None).status;
        (0..10).map(send).filter(|status| *status == 200).count()
    };
    assert_eq!(count("GET"), 10);
    assert_eq!(count("POST"), 5, "of which nobody knows what it did");
    assert_eq!(one.requests(), 0);
}

#[test]
fn a_request_is_not_sent_to_another_once_an_app_is_at_work_on_it() {
    let (one, other) = (App::start(), App::start());
    let lines = "upstream.first_byte_timeout = \"1s\"\n";
    let gate = gate(&[at(one.port), at(other.port)], lines);
    for (n, path) in ["/down/slow", "/down/torn", "/down/cut"].into_iter().enumerate() {
        let mut wire = Wire::to(gate.port);
        wire.send(&gate.browser().request("GET", path, &[], None)).expect("sent");
        let status = wire.answer(false).map(|answer| answer.status);
        assert!(!status.as_ref().is_ok_and(|status| *status == 200), "{path}: {status:?}");
        assert_eq!(one.requests() + other.requests(), n + 1, "{path}");
    }
}

/// Says what a test says.
struct Told(Mutex<SocketAddr>);

#[async_trait]
impl NameLookup for Told {
    async fn addresses(&self, host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!(host, "app.internal");
        Ok(vec![*self.0.lock().unwrap()])
    }
}

#[test]
fn a_name_that_moves_is_followed_when_a_connection_fails() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // The old address refuses connections, or nobody is there to do even that.
    for is_deaf in [false, true] {
        let (one, other, deaf) = (App::start(), App::start(), deaf(&runtime));
        let lookup = Arc::new(Told(Mutex::new(here(if is_deaf { deaf.port } else { one.port }))));
        let changes = [(UPSTREAMS, "\"app.internal:80\""), (NAME, NAME)];
        let gate = Gate::with_names(&changes, Arc::clone(&lookup) as Arc<dyn NameLookup>);
        let ok = || (gate.browser().get("/down/x").status == 200).then_some(());
        let request = gate.browser().request("GET", "/down/x", &[], None);
        let mut first = Wire::to(gate.port);
        if !is_deaf {
            wait_for("address", ok);
            one.end();
        }
        *lookup.0.lock().unwrap() = here(other.port);
        let began = Instant::now();
        first.send(&request).expect("sent");
        wait_for("new address", || {
            let mut second = Wire::to(gate.port);
            second.hurry(Duration::from_secs(1));
            second.send(&request).expect("sent");
            second.answer(false).ok().filter(|answer| answer.status == 200).map(drop)
        });
        // Half a minute without that.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

        assert!(other.requests() > 0);
        let answer = first.answer(false).expect("an answer");
        // A refused connection is answered before the name has another address.
        assert!(answer.status == 200 || !is_deaf && answer.status == 502, "{answer}");
    }
}
