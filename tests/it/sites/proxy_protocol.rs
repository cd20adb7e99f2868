//! Balancers that name the client of a connection before its first byte.
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire};
use crate::support::tls::{Hello, Pair, Shelf};

const LISTED: &str = "[server]\nproxy_protocol_from = [\"127.0.0.1\"]\n";
const LINE: &[u8] = b"PROXY TCP4 203.0.113.9 10.0.0.1 4000 443\r\n";

/// Version 2 of a header that names 203.0.113.9, with an extension.
fn binary() -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x12".to_vec();
    header.extend([203, 0, 113, 9, 10, 0, 0, 1, 15, 160, 1, 187]);
    header.extend([4, 0, 3, 1, 2, 3]);
    header
}

fn request(gate: &Gate, lines: &str) -> Vec<u8> {
    let port = gate.port;
    format!("GET /public/x HTTP/1.1\r\nHost: localhost:{port}\r\n{lines}\r\n").into_bytes()
}

fn ask(gate: &Gate, header: &[u8], lines: &str) -> std::io::Result<Answer> {
    let mut wire = Wire::to(gate.port);
    wire.send(&[header, &request(gate, lines)].concat())?;
    wire.answer(false)
}

#[test]
fn the_client_is_whom_the_header_names() {
    let gate = Gate::changed(&[("[server]\n", LISTED)]);
    for header in [LINE.to_vec(), binary()] {
        ask(&gate, &header, "X-Forwarded-For: 1.1.1.1\r\n").expect("an answer").is(200);
        assert_eq!(gate.app.last().header("x-forwarded-for"), Some("203.0.113.9"));
    }
    let mut wire = Wire::to(gate.port);
    wire.send(LINE).expect("sent");
    for _ in 0..2 {
        wire.send(&request(&gate, "")).expect("sent");
        wire.answer(false).expect("an answer").is(200);
        assert_eq!(gate.app.last().header("x-forwarded-for"), Some("203.0.113.9"));
    }
    // A connection of the balancer's own.
    ask(&gate, b"PROXY UNKNOWN\r\n", "").expect("an answer").is(200);
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn a_named_client_may_be_a_trusted_proxy() {
    let server = format!("{LISTED}trusted_proxies = [\"203.0.113.9\"]\n");
    let gate = Gate::changed(&[("[server]\n", &server)]);
    ask(&gate, LINE, "X-Forwarded-For: 198.51.100.1\r\n").expect("an answer").is(200);
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("198.51.100.1"));
}

#[test]
fn a_listed_peer_must_send_one() {
    let gate = Gate::changed(&[("[server]\n", LISTED)]);
    let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 200]].concat();
    for wrong in
        [&b""[..], b"PROXY TCP4 1.1.1.1\r\n", b"PROXY\r\n", b"\r\n\r\n\0\r\nQUIT\n\x11", &long]
    {
        let answer = ask(&gate, wrong, "");
        assert!(answer.is_err(), "{}: {answer:?}", String::from_utf8_lossy(wrong));
    }
    let mut slow = Wire::to(gate.port);
    slow.hurry(Duration::from_secs(30));
    slow.send(b"PROXY TC").expect("sent");
    assert!(slow.is_closed(), "it waits for ever");
    assert_eq!(gate.app.count(), 0);
}

#[test]
fn a_peer_that_is_not_listed_names_nobody() {
    let gate =
        Gate::changed(&[("[server]\n", "[server]\nproxy_protocol_from = [\"127.0.0.2\"]\n")]);
    for header in [LINE.to_vec(), binary()] {
        let refused = ask(&gate, &header, "").is_ok_and(|answer| answer.status == 400);
        assert!(refused, "{}", String::from_utf8_lossy(&header));
    }
    assert_eq!(gate.app.count(), 0);
    ask(&gate, b"", "").expect("an answer").is(200);
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn the_limit_of_connections_is_that_of_the_named_client() {
    let server = format!("{LISTED}connections_per_address = 1\n");
    let gate = Gate::changed(&[("[server]\n", &server)]);
    let open = |address: &str| {
        let mut wire = Wire::to(gate.port);
        let header = format!("PROXY TCP4 {address} 10.0.0.1 4000 443\r\n");
        wire.send(&[header.as_bytes(), &request(&gate, "")].concat()).expect("sent");
        let answer = wire.answer(false);
        (wire, answer)
    };
    let (first, answer) = open("203.0.113.1");
    answer.expect("an answer").is(200);
    let (_other, answer) = open("203.0.113.2");
    answer.expect("an answer").is(200);
    assert!(open("203.0.113.1").1.is_err(), "one is enough");
    drop(first);
    wait_for("room", || open("203.0.113.1").1.ok());
}

#[test]
fn the_header_is_before_the_handshake() {
    let pair = Pair::of(&["shop.example.com"]);
    let shelf = Shelf::with(&[&pair]);
    let server = format!("{LISTED}{}", shelf.line());
    let gate = Gate::at(Some("https://shop.example.com"), &[("[server]\n", &server)]);
    for header in [LINE.to_vec(), binary()] {
        let mut socket =
            TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("a connection");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        socket.write_all(&header).expect("sent");
        let name = ServerName::try_from("shop.example.com").expect("a name");
        let client = ClientConnection::new(Hello::USUAL.config(), name).expect("a client");
        let mut wire = Wire::over(StreamOwned::new(client, socket));
        wire.send(b"GET /public/x HTTP/1.1\r\nHost: shop.example.com\r\n\r\n").expect("sent");
        wire.answer(false).expect("an answer").is(200);
        assert_eq!(gate.app.last().header("x-forwarded-for"), Some("203.0.113.9"));
    }
    let plain = ask(&gate, LINE, "").expect("an answer").is(400);
    assert!(plain.text().contains("https only"), "{plain}");
}
