//! Handshakes that drip, that never end, or that are none.
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::gate;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Wire, exchange};
use crate::support::metrics::{metric, wait_until};
use crate::support::program::Program;
use crate::support::tls::{Hello, Pair, Shelf};

const QUARTER: Duration = Duration::from_millis(250);

fn started(more: &str) -> (Gate, Shelf) {
    let shelf = Shelf::with(&[&Pair::of(&["shop.example.com"])]);
    (gate(&shelf, more), shelf)
}

/// The first bytes that a visitor sends.
fn client_hello() -> Vec<u8> {
    let name = ServerName::try_from("shop.example.com").expect("a name");
    let mut client = ClientConnection::new(Hello::USUAL.config(), name).expect("a client");
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).expect("written");
    bytes
}

/// Sends a part each quarter of a second, until the other end has closed: after how many.
fn drip(socket: &mut TcpStream, mut part: impl FnMut(usize) -> Vec<u8>) -> usize {
    socket.set_nonblocking(true).expect("set");
    for sent in 0..100 {
        if socket.write_all(&part(sent)).is_err() {
            return sent;
        }
        std::thread::sleep(QUARTER);
        match socket.read(&mut [0; 1024]) {
            Ok(0) => return sent,
            Err(why) if why.kind() != std::io::ErrorKind::WouldBlock => return sent,
            _ => {}
        }
    }
    100
}

const FAILED: &str = "doorcode_tls_handshakes_failed_total";

fn failed(gate: &Gate) -> u64 {
    metric(gate.admin, FAILED)
}

#[test]
fn a_handshake_or_a_head_that_drips_in_or_never_comes_is_cut_off() {
    let (gate, _shelf) = started("");
    // The gate's own start looked whether anybody listens.
    let before = wait_for("first look", || Some(failed(&gate)).filter(|failed| *failed > 0));
    let hello = client_hello();
    std::thread::scope(|scope| {
        for upto in [0, 1, hello.len() - 1] {
            let (hello, port) = (&hello, gate.port);
            scope.spawn(move || {
                let mut socket =
                    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("connected");
                let byte = |n| hello[..upto].get(n..=n).unwrap_or_default().to_vec();
                let sent = drip(&mut socket, byte);
                assert!(sent < 80, "{upto}: not cut off after {sent} quarters of a second");
            });
        }
        scope.spawn(|| {
            let mut spoken = Hello::USUAL.say(gate.port).expect("a handshake").0;
            let begin = b"GET /public/x HTTP/1.1\r\nHost: shop.example.com\r\n";
            spoken.write_all(begin).expect("sent");
            let part = |_: usize| {
                let mut record = Vec::new();
                spoken.conn.writer().write_all(b"A: b\r\n").expect("written");
                spoken.conn.write_tls(&mut record).expect("a record");
                record
            };
            let sent = drip(&mut spoken.sock, part);
            assert!(sent < 80, "head: not cut off after {sent} quarters of a second");
        });
    });
    assert_eq!(gate.app.count(), 0);
    // The head came after its handshake.
    wait_until(gate.admin, FAILED, before + 3);
}

#[test]
fn connections_are_counted_before_they_have_shaken_hands() {
    let (gate, _shelf) = started("connections_per_address = 3\n");
    let mut silent: Vec<Wire> = (0..4).map(|_| Wire::to(gate.port)).collect();
    for wire in &mut silent {
        wire.hurry(Duration::from_millis(20));
    }
    // 8 s at most: long before handshakes that do not come are given up, which is after 10 s.
    let closed = (0..100).any(|_| silent.iter_mut().any(Wire::is_closed));
    assert!(closed, "all four are waited for");
}

#[test]
fn what_is_no_tls_is_answered_or_closed_and_harms_nobody() {
    let (gate, _shelf) = started("");
    let plain = exchange(gate.port, b"GET /public/x HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
    plain.is(400).says("https");
    let upload = format!("POST /public/x HTTP/1.1\r\nHost: a\r\n\r\n{}", "x".repeat(30_000));
    exchange(gate.port, upload.as_bytes()).is(400);
    let h2c = exchange(gate.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    h2c.is(400);
    // TLS 1.1, an alert, noise, a record that is too long, and half a message and then the end.
    let mut older = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    older.extend([7; 32]);
    older.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let hello = client_hello();
    for bytes in [&older[..], &[21, 3, 3, 0, 2, 2, 40], &[0; 64], &[22, 3, 3, 255, 255, 1, 1]] {
        let mut wire = Wire::to(gate.port);
        wire.send(bytes).expect("sent");
        let answer = first(&mut wire);
        assert!(matches!(answer, None | Some(21)), "{bytes:?}: {answer:?}");
    }
    let mut half = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("connected");
    half.write_all(&hello[..hello.len() / 2]).expect("sent");
    drop(half);
    assert_eq!(gate.app.count(), 0);
    wait_for("eight failures", || (failed(&gate) >= 8).then_some(()));
    Hello::USUAL.say(gate.port).expect("a handshake");
}

/// The first byte of what came back; `None`: it was closed without any.
fn first(wire: &mut Wire) -> Option<u8> {
    let byte = wire.bytes_or_end(1);
    byte.first().copied()
}

#[test]
fn a_visitor_who_leaves_in_the_middle_writes_no_line() {
    let shelf = Shelf::with(&[&Pair::of(&["localhost"])]);
    let server = format!("[server]\n{}", shelf.line());
    let https = |key: &'static str| (key, key.replace("http:", "https:"));
    let (own, site) = (https("public_url = \"http:"), https("\nurl = \"http:"));
    let changes =
        [("[server]\n", server.as_str()), (own.0, &own.1), (site.0, &site.1), (site.0, &site.1)];
    let program = Program::changed("info", &changes);
    let before = program.printed_to("err").lines().count();
    for protocols in [&["h2"][..], &["http/1.1"]] {
        let hello = Hello { name: Some("localhost"), protocols, ..Hello::USUAL };
        drop(hello.say(program.port).expect("a handshake"));
        let mut spoken = hello.say(program.port).expect("a handshake").0;
        spoken.write_all(b"GET / nonsense\r\n\r\n").expect("sent");
        drop(spoken);
    }
    drop(exchange(program.port, b"GET / HTTP/1.1\r\n\r\n"));
    // All that was said by then is there once a later visitor was answered.
    let mut last = Hello { name: Some("localhost"), ..Hello::USUAL }.say(program.port).unwrap().0;
    last.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    drop(last.read_to_end(&mut answer));
    assert!(answer.starts_with(b"HTTP/1.1 "), "{}", String::from_utf8_lossy(&answer));
    let log = program.printed_to("err");
    assert_eq!(log.lines().count(), before, "{log}");
}
