//! Whom an app is told to trust, and whom this gateway trusts itself.
use std::collections::BTreeMap;

use super::is_kept_out;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::storm;
use crate::support::settings::{ADA, BOB};

#[test]
fn an_address_that_cannot_be_told_lets_nobody_in() {
    let gate = Gate::changed(&[
        ("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n"),
        ("allow = [\"role:admin\"]\n", "allow = [\"role:admin\"]\nfrom = [\"10.0.0.0/8\"]\n"),
    ]);
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    ada.send("GET", "/admin/x", &[("X-Forwarded-For", "10.1.2.3")], None).is(200);
    for chain in [
        "",
        "a",
        "10.1.2.3,",
        "10.1.2.3, a",
        "10.1.2.3 10.1.2.3",
        "010.1.2.3",
        "167838211",
        "10.1.2.3.4",
        "10.1.2.3, 203.0.113.9",
        "\"10.1.2.3\"",
        "unknown",
        "10.1.2.3\u{7f}",
    ] {
        is_kept_out(&gate, &mut ada, "/admin/x", &[("X-Forwarded-For", chain)]);
    }
    is_kept_out(&gate, &mut ada, "/admin/x", &[("X-Real-IP", "10.1.2.3")]);
    is_kept_out(&gate, &mut ada, "/admin/x", &[("Forwarded", "for=10.1.2.3")]);
    is_kept_out(&gate, &mut ada, "/admin/x", &[("X-Forwarded_For", "10.1.2.3")]);
    is_kept_out(&gate, &mut ada, "/admin/x", &[("CF-Connecting-IP", "10.1.2.3")]);
}

#[test]
fn of_two_hundred_requests_at_once_each_is_told_its_own_person() {
    let gate = Gate::start();
    let (mut ada, mut bob) = (gate.browser(), gate.browser());
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    let people = [(ada, Some(ADA)), (bob, Some(BOB)), (gate.browser(), None)];
    for round in 0..4 {
        let request = |n: usize| {
            let path = format!("/maybe/{round}/{n}");
            people[n % people.len()].0.request("GET", &path, &[], None)
        };
        let requests: Vec<_> = (0..50).map(request).collect();
        for answer in storm(gate.port, &requests) {
            answer.is(200);
        }
    }
    let seen = gate.app.seen();
    let told: BTreeMap<&str, Option<&str>> =
        seen.iter().map(|seen| (seen.target.as_str(), seen.header("x-forwarded-phone"))).collect();
    for round in 0..4 {
        for n in 0..50 {
            let path = format!("/maybe/{round}/{n}");
            assert_eq!(told.get(path.as_str()), Some(&people[n % people.len()].1), "{path}");
        }
    }
}

#[test]
fn a_name_is_one_however_the_operator_writes_it() {
    let map =
        "name = \"Shop\"\nidentity = { x-AUTH-user = \"sub\", REMOTE_USER = \"phone_number\" }\n";
    let gate = Gate::changed(&[("name = \"Shop\"\n", map)]);
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let names = ["X-Auth-User", "x-auth-user", "X_AUTH_USER", "x.auth.user", "Remote-User"];
    for name in names {
        let twice = [(name, "spoofed"), (name, "spoofed")];
        ada.send("GET", "/orders", &twice, None).is(200);
        let seen = gate.app.last();
        assert!(!format!("{seen:?}").contains("spoofed"), "{name}: {seen:?}");
        assert!(seen.header("x-auth-user").is_some_and(|user| user.starts_with("sms|")));
        assert_eq!(seen.header("remote_user"), Some(ADA), "{name}: {seen:?}");
        gate.browser().send("GET", "/public/x", &twice, None).is(200);
        let seen = gate.app.last();
        assert!(!format!("{seen:?}").contains("spoofed"), "{name}: {seen:?}");
    }
}

#[test]
fn what_a_visitor_sends_forges_no_line_of_the_access_log() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let forged = "\"}{\"status\":200,\"user\":\"sms|0\"";
    let targets = [forged.to_owned(), "x%0a%22%7d".to_owned(), "\u{2028}x".to_owned()];
    for target in &targets {
        gate.exchange(&format!(
            "GET /public/{target}?{forged} HTTP/1.1\r\nHost: {host}\r\nX-Request-Id: {forged}\r\n\
             User-Agent: {forged}\r\nReferer: {forged}\r\n\r\n"
        ));
    }
    gate.exchange(&format!("GET /public/x HTTP/1.1\r\nHost: {forged}\r\n\r\n"));
    let lines = || (gate.access_log().lines().count() == targets.len() + 1).then_some(());
    wait_for("a line for each request", lines);
    for line in gate.access_log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("one object");
        assert!(line.get("user").is_none() && line["client"] == "127.0.0.1", "{line}");
    }
}
