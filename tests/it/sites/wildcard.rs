//! One table for many hosts: each that is listed is a site of its own.
use std::time::Duration;

use super::journey::Journey;
use crate::support::browser::between;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::{metric, wait_until};
use crate::support::settings::{ADA, BOB};

const ISSUER: &str = "https://auth.example.com";
const A: &str = "https://a.apps.example.com";
const B: &str = "https://b.apps.example.com";

fn gate(changes: &[(&str, &str)]) -> Gate {
    let usual = [
        ("https://auth.example.com/.doorcode", ISSUER),
        ("https://auth.example.com/down", "https://down.example.com"),
        (
            "\"Shop\"\nurl = \"https://auth.example.com\"",
            "\"Apps\"\nurl = \"https://*.apps.example.com\"\n\
             hosts = [\"a.apps.example.com\", \"B.apps.example.com\"]",
        ),
    ];
    Gate::at(Some(ISSUER), &[&usual, changes].concat())
}

fn get(gate: &Gate, host: &str, lines: &str) -> Answer {
    gate.exchange(&format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"))
}

#[test]
fn one_login_serves_every_host_and_a_sign_out_ends_it_on_all() {
    let gate = gate(&[]);
    let mut bob = Journey::new(&gate, ISSUER);
    let (at, page) = bob.sign_in(&format!("{A}/orders?q=1"), BOB);
    assert_eq!(at, A);
    page.is(200).says("the app: GET /orders?q=1");
    let (at, page) = bob.visit(&format!("{B}/orders"));
    assert_eq!((at.as_str(), gate.texts.messages().len()), (B, 1), "no second text");
    page.is(200).says("the app: GET /orders");
    let tokens = [A, B].map(|host| bob.at(host).cookie("__Host-doorcode").expect("a session"));
    assert_ne!(tokens[0], tokens[1], "each host has a token of its own");
    bob.at(B).keep_cookie("__Host-doorcode", &tokens[0]);
    bob.at(B).get("/.doorcode/me").is(401);

    let page = bob.at(A).get("/.doorcode/sign-out").is(200);
    drop(page);
    bob.at(A).post("/.doorcode/sign-out", &[]).is(303);
    bob.at(B).keep_cookie("__Host-doorcode", &tokens[1]);
    bob.at(B).get("/.doorcode/me").is(401);
}

#[test]
fn rules_hold_on_every_host_and_pages_of_one_are_foreign_to_the_others() {
    let gate = gate(&[]);
    let mut bob = Journey::new(&gate, ISSUER);
    bob.sign_in(&format!("{A}/orders"), BOB).1.is(200);
    bob.visit(&format!("{B}/orders")).1.is(200);
    for host in [A, B] {
        bob.at(host).get("/admin/x").is(403);
        bob.at(host).send("POST", "/orders", &[("Origin", host)], Some(&[])).is(200);
        bob.at(host).send("POST", "/orders", &[("Origin", ISSUER)], Some(&[])).is(403);
    }
    bob.at(B).send("POST", "/orders", &[("Origin", A)], Some(&[])).is(403);
    let mut ada = Journey::new(&gate, ISSUER);
    ada.sign_in(&format!("{B}/admin/x"), ADA).1.is(200);
}

#[test]
fn a_form_that_was_kept_on_one_host_is_not_sent_on_another() {
    let rule = "path = \"/public/*\"\nallow = [\"public\"]\n";
    let fresh = "path = \"/billing/*\"\nallow = [\"signed-in\"]\nfresh = \"15m\"";
    let gate = gate(&[(rule, &format!("{fresh}\n[[site.rule]]\n{rule}"))]);
    let mut bob = Journey::new(&gate, ISSUER);
    bob.sign_in(&format!("{A}/orders"), BOB).1.is(200);
    gate.pass(Duration::from_hours(1));
    let form = [("comment", "between us")];
    let asked = bob.at(A).post("/billing/pay", &form).is(303);
    let sign_in = bob.at(A).here(asked.location());
    let (at, page) = bob.sign_in(&format!("{A}{sign_in}"), BOB);
    assert_eq!(at, A);
    let page = page.is(200).says("between us");
    let target = between(&page.text(), "action=\"/.doorcode/form", "\"").replace("&amp;", "&");
    let target = format!("/.doorcode/form{target}");
    bob.visit(&format!("{B}/orders")).1.is(200);
    let before = gate.app.count();
    bob.at(B).get(&target).is(410).never_says("between us");
    bob.at(B).post(&target, &form).is(410);
    assert_eq!(gate.app.count(), before);
    let sent = bob.at(A).post(&target, &form).is(307);
    assert_eq!(bob.at(A).here(sent.location()), "/billing/pay");
}

#[test]
fn what_is_not_listed_does_not_exist() {
    let gate = gate(&[]);
    for host in ["a.apps.example.com", "b.apps.example.com", "b.apps.example.com:443"] {
        let answer = get(&gate, host, "").is(200).says("the app: GET /public/x");
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{host}");
    }
    for host in [
        "c.apps.example.com",
        "x.a.apps.example.com",
        "apps.example.com",
        "*.apps.example.com",
        ".apps.example.com",
        "a.apps.example.com.evil.example",
        "aa.apps.example.com",
    ] {
        let answer = get(&gate, host, "");
        assert!(matches!(answer.status, 400 | 404), "{host}: {answer}");
        assert_eq!(answer.header("strict-transport-security"), None, "{host}");
    }
    assert_eq!(gate.app.count(), 3, "nothing else reached the app");
}

#[test]
fn each_host_has_a_name_of_its_own_in_the_metrics() {
    let gate = gate(&[]);
    get(&gate, "b.apps.example.com", "").is(200);
    let of = |host: &str| {
        format!("doorcode_http_requests_total{{decision=\"forward\",site=\"Apps ({host})\"}}")
    };
    wait_until(gate.admin, &of("b.apps.example.com"), 1);
    assert_eq!(metric(gate.admin, &of("a.apps.example.com")), 0);
}

#[test]
fn another_proxy_may_ask_about_every_host() {
    let gate = gate(&[("[store]", "[forward_auth]\nfrom = [\"127.0.0.1\"]\n[store]")]);
    let ask = |host: &str| {
        gate.exchange(&format!(
            "GET /.doorcode/check HTTP/1.1\r\nHost: doorcode.internal\r\nX-Forwarded-Method: GET\r\n\
             X-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: /orders\r\n\r\n"
        ))
    };
    ask("a.apps.example.com").is(401);
    ask("b.apps.example.com").is(401);
    assert!(matches!(ask("c.apps.example.com").status, 403 | 404));
}
