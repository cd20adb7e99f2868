//! Sites whose visitors show a certificate, besides everything else.
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tempfile::TempDir;

use crate::support::gate::Gate;
use crate::support::http::{Answer, Wire};
use crate::support::tls::{Authority, Hello, Pair, Shelf};

const SHOP: &str = "shop.example.com";
const DOWN: &str = "down.example.com";

struct Guarded {
    gate: Gate,
    authority: Authority,
    /// Are deleted with it.
    _files: (Shelf, TempDir),
}

impl Guarded {
    /// The shop asks for certificates; another site, whose app is down, asks for none.
    fn start() -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().expect("a folder");
        let roots = folder.path().join("roots.pem");
        std::fs::write(&roots, authority.certificate.pem()).expect("written");
        let shelf = Shelf::with(&[&Pair::of(&[SHOP, DOWN, "auth.example.com"])]);
        let server = format!("[server]\n{}", shelf.line());
        let shop = format!("name = \"Shop\"\nclient_certificates = \"{}\"", roots.display());
        let gate = Gate::at(
            Some("https://shop.example.com"),
            &[
                ("[server]\n", &server),
                ("https://shop.example.com/.doorcode", "https://auth.example.com"),
                ("https://shop.example.com/down", "https://down.example.com"),
                ("name = \"Shop\"", &shop),
            ],
        );
        Self { gate, authority, _files: (shelf, folder) }
    }

    fn config(own: Option<&Pair>) -> Arc<ClientConfig> {
        Arc::new(Hello::USUAL.config_of(own))
    }

    /// Asks for `host` on a connection that was made for `name`.
    fn ask(
        &self,
        config: &Arc<ClientConfig>,
        (name, host): (&str, &str),
        (path, lines): (&str, &str),
    ) -> io::Result<Answer> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.gate.port))?;
        socket.set_read_timeout(Some(Duration::from_mins(1)))?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut wire = Wire::over(StreamOwned::new(client, socket));
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n").as_bytes())?;
        wire.answer(false)
    }
}

const PAGE: (&str, &str) = ("/public/x", "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\n");

#[test]
fn a_certificate_is_needed_and_is_not_enough() {
    let guarded = Guarded::start();
    let own = Pair::visitor_of(&guarded.authority);
    let (with, without) = (Guarded::config(Some(&own)), Guarded::config(None));
    // The second is resumed by a ticket of the first.
    for _ in 0..2 {
        guarded.ask(&with, (SHOP, SHOP), PAGE).expect("an answer").is(200).says("the app");
        let page = guarded.ask(&without, (SHOP, SHOP), PAGE).expect("an answer").is(403);
        page.says("This page needs a certificate");
    }
    let told = guarded.ask(&without, (SHOP, SHOP), ("/public/x", "")).expect("an answer").is(403);
    assert_eq!(told.header("content-type"), Some("application/problem+json"));
    let orders = ("/orders", PAGE.1);
    guarded.ask(&with, (SHOP, SHOP), orders).expect("an answer").is(303);
    guarded.ask(&without, (SHOP, SHOP), orders).expect("an answer").is(403);
    assert_eq!(guarded.gate.app.count(), 2);
    // Our own pages, and other sites.
    guarded.ask(&without, (SHOP, SHOP), ("/.doorcode/me", "")).expect("an answer").is(401);
    guarded.ask(&without, (DOWN, DOWN), PAGE).expect("an answer").is(502);
    guarded.ask(&with, (SHOP, DOWN), PAGE).expect("an answer").is(502);
}

#[test]
fn a_connection_that_was_made_for_another_name_carries_nothing_for_the_site() {
    let guarded = Guarded::start();
    let own = Pair::visitor_of(&guarded.authority);
    for config in [Guarded::config(None), Guarded::config(Some(&own))] {
        for name in [DOWN, "auth.example.com", "other.example.com", "127.0.0.1"] {
            guarded.ask(&config, (name, SHOP), PAGE).expect("an answer").is(421);
        }
    }
    assert_eq!(guarded.gate.app.count(), 0);
    let upper = guarded.ask(&Guarded::config(Some(&own)), ("SHOP.example.com", SHOP), PAGE);
    upper.expect("an answer").is(200);
}

#[test]
fn a_certificate_of_others_is_none() {
    let guarded = Guarded::start();
    let stranger = Pair::visitor_of(&Authority::new());
    let server = Pair::of(&[SHOP]);
    for own in [&stranger, &server] {
        let answer = guarded.ask(&Guarded::config(Some(own)), (SHOP, SHOP), PAGE);
        let has_passed = answer.as_ref().is_ok_and(|answer| answer.status != 403);
        assert!(!has_passed, "{answer:?}");
    }
    assert_eq!(guarded.gate.app.count(), 0);
}
