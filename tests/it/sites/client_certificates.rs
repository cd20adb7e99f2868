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
        Self::beside(None)
    }

    /// The same, where the other site asks for those of `others`.
    fn beside(others: Option<&Authority>) -> Self {
        Self::changed(others, "")
    }

    /// The same, with `more` before `[store]`.
    fn changed(others: Option<&Authority>, more: &str) -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, authority: &Authority| {
            let path = folder.path().join(name);
            std::fs::write(&path, authority.certificate.pem()).expect("written");
            path
        };
        let roots = write("roots.pem", &authority);
        let shelf = Shelf::with(&[&Pair::of(&[SHOP, DOWN, "auth.example.com"])]);
        let server = format!("[server]\n{}", shelf.line());
        let shop = format!("name = \"Shop\"\nclient_certificates = \"{}\"", roots.display());
        let down = others.map_or_else(String::new, |others| {
            format!("client_certificates = \"{}\"", write("others.pem", others).display())
        });
        let down = format!("name = \"Down\"\n{down}");
        let gate = Gate::at(
            Some("https://shop.example.com"),
            &[
                ("[server]\n", &server),
                ("https://shop.example.com/.doorcode", "https://auth.example.com"),
                ("https://shop.example.com/down", "https://down.example.com"),
                ("name = \"Shop\"", &shop),
                ("name = \"Down\"", &down),
                ("[store]", &format!("{more}[store]")),
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
fn a_certificate_for_one_site_is_none_for_a_site_that_asks_for_others() {
    let others = Authority::new();
    let guarded = Guarded::beside(Some(&others));
    let [own, theirs] = [&guarded.authority, &others].map(Pair::visitor_of);
    let [own, theirs] = [&own, &theirs].map(|pair| Guarded::config(Some(pair)));
    let passes = |config: &Arc<ClientConfig>, host: &str| {
        let answer = guarded.ask(config, (host, host), PAGE);
        answer.is_ok_and(|answer| matches!(answer.status, 200 | 502))
    };
    assert!(passes(&own, SHOP) && passes(&theirs, DOWN));
    assert!(!passes(&own, DOWN) && !passes(&theirs, SHOP));
    // One that was verified, on a connection for the other site.
    guarded.ask(&own, (SHOP, DOWN), PAGE).expect("an answer").is(421);
    guarded.ask(&theirs, (DOWN, SHOP), PAGE).expect("an answer").is(421);
    assert_eq!(guarded.gate.app.count(), 1);
}

#[test]
fn another_proxy_that_asks_is_no_way_around_the_certificate() {
    let guarded = Guarded::changed(None, "[forward_auth]\nfrom = [\"127.0.0.1\"]\n");
    let own = Pair::visitor_of(&guarded.authority);
    let about = |host: &str| {
        format!(
            "X-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\n\
             X-Forwarded-Uri: /public/x\r\n"
        )
    };
    for config in [Guarded::config(None), Guarded::config(Some(&own))] {
        let ask = |host: &str| {
            let at = ("doorcode.internal", "doorcode.internal");
            guarded.ask(&config, at, ("/.doorcode/check", &about(host))).expect("an answer")
        };
        ask(DOWN).is(200);
        let told = ask(SHOP);
        assert!((400..500).contains(&told.status), "{told}");
    }
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
