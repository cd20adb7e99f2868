//! What a visitor says of themselves gets nowhere, whatever proxy is in front.
use super::fronted::{Fronted, HOST};
use super::stories::each;
use super::visitors::VISITOR;
use crate::support::http::exchange;
use crate::support::proxies::ALL;
use crate::support::settings::ADA;

/// Names by which some program believes an address, a scheme or a host, and a value of the visitor's.
const SPOOFED: [(&str, &str); 24] = [
    ("X-Forwarded-For", "10.1.2.3"),
    ("X-Forwarded-For", "10.1.2.3, 127.0.0.1"),
    ("X-Forwarded-For", "10.1.2.3, 127.0.0.1, "),
    ("X_Forwarded_For", "10.1.2.3"),
    ("X-Forwarded", "for=10.1.2.3"),
    ("Forwarded", "for=10.1.2.3;host=evil.example;proto=http"),
    ("Forwarded-For", "10.1.2.3"),
    ("X-Real-IP", "10.1.2.3"),
    ("CF-Connecting-IP", "10.1.2.3"),
    ("CF-Connecting-IPv6", "2001:db8::10.1.2.3"),
    ("CF-Pseudo-IPv4", "10.1.2.3"),
    ("True-Client-IP", "10.1.2.3"),
    ("Client-IP", "10.1.2.3"),
    ("X-Client-IP", "10.1.2.3"),
    ("X-Cluster-Client-IP", "10.1.2.3"),
    ("Fastly-Client-IP", "10.1.2.3"),
    ("X-Appengine-User-IP", "10.1.2.3"),
    ("X-Forwarded-Proto", "evil.example"),
    ("X-Forwarded-Scheme", "evil.example"),
    ("X-Forwarded-Ssl", "evil.example"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Server", "evil.example"),
    ("X-Forwarded-Port", "evil.example"),
    ("X-Original-Host", "evil.example"),
];

#[test]
fn nothing_that_a_visitor_says_of_address_scheme_and_host_is_believed() {
    each(|front| {
        let (name, gate) = (front.name, &front.gate);
        for (header, value) in SPOOFED {
            for lines in [vec![(header, value)], vec![(header, value); 2]] {
                let before = gate.app.count();
                let answer = front.browser().send("GET", "/public/x", &lines, None);
                if gate.app.count() == before {
                    assert!(answer.status >= 400, "{name} {lines:?}: {answer}");
                    continue;
                }
                let seen = gate.app.last();
                assert_eq!(seen.header("x-forwarded-for"), Some(VISITOR), "{name} {lines:?}");
                assert_eq!(seen.header("x-forwarded-proto"), Some("https"), "{name} {lines:?}");
                assert_eq!(seen.header("x-forwarded-host"), Some(HOST), "{name} {lines:?}");
                let said = format!("{seen:?}");
                assert!(!said.contains("10.1.2.3") && !said.contains("evil"), "{name}: {said}");

                let login = front.browser().send("GET", "/orders", &lines, None);
                assert!(login.status != 303 || !login.location().contains("evil"), "{login}");
            }
        }
        let log = gate.access_log();
        assert!(!log.contains("10.1.2.3") && log.contains(VISITOR), "{name}: {log}");
    });
}

#[test]
fn a_rule_for_some_addresses_opens_to_nobody_else() {
    let from = "allow = [\"role:admin\"]\nfrom = [\"10.0.0.0/8\", \"127.0.0.1\"]\n";
    for kind in ALL {
        let front = Fronted::changed(kind, &[("allow = [\"role:admin\"]\n", from)]);
        let mut ada = front.browser();
        ada.sign_in("/orders", ADA, &front.gate.texts).is(200);
        let before = front.gate.app.count();
        ada.get("/admin/x").is(403);
        for address in ["10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3"] {
            for header in ["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "X_Forwarded_For"] {
                let answer = ada.send("GET", "/admin/x", &[(header, address)], None);
                assert!(answer.status >= 400, "{kind:?} {header}: {answer}");
            }
        }
        assert_eq!(front.gate.app.count(), before, "{kind:?}");
    }
}

#[test]
fn a_visitor_cannot_call_the_proxys_word_their_connections_own() {
    each(|front| {
        for named in ["X-Forwarded-For", "close, x-forwarded-for", "Host", "X-Forwarded-Proto"] {
            for more in [&[][..], &[("X-Forwarded-For", "10.1.2.3")]] {
                let before = front.gate.app.count();
                let lines = [&[("Connection", named)], more].concat();
                let answer = front.browser().send("GET", "/public/x", &lines, None);
                if front.gate.app.count() == before {
                    assert!(answer.status >= 400, "{} {lines:?}: {answer}", front.name);
                    continue;
                }
                let seen = front.gate.app.last();
                let told = (seen.header("x-forwarded-for"), seen.header("host"));
                assert_eq!(told, (Some(VISITOR), Some(HOST)), "{} {lines:?}", front.name);
            }
        }
    });
}

#[test]
fn another_host_leads_to_no_app() {
    each(|front| {
        for host in ["evil.example", "127.0.0.1", "shop.example.com.evil.example"] {
            let request = format!(
                "GET /public/x HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: {HOST}\r\nConnection: close\r\n\r\n"
            );
            let answer = exchange(front.visitors.port, request.as_bytes());
            assert_eq!(front.gate.app.count(), 0, "{} {host}: {answer}", front.name);
        }
    });
}
