//! What Doorcode and the app learn of a visitor behind another proxy: the same as without it.
use super::fronted::{Fronted, HOST};
use super::visitors::VISITOR;
use crate::support::browser::WEBSOCKET;
use crate::support::gate::wait_for;
use crate::support::http::{Wire, exchange};
use crate::support::proxies::ALL;
use crate::support::settings::ADA;

/// Each of the files of `deploy/behind` that can be run.
pub(super) fn each(story: impl Fn(&Fronted)) {
    for kind in ALL {
        story(&Fronted::start(kind));
    }
    story(&Fronted::by_connections());
}

#[test]
fn a_person_signs_in_and_address_scheme_and_host_are_those_of_the_visitor() {
    each(|front| {
        let (name, gate) = (front.name, &front.gate);
        let mut ada = front.browser();
        let asked = ada.get("/orders?a=%2F&b=c").is(303);
        let login = format!("https://{HOST}/.doorcode/");
        let location = asked.location();
        assert!(location.starts_with(&login) || location.starts_with("/.doorcode/"), "{asked}");
        assert!(asked.header("strict-transport-security").is_some(), "{name}: {asked}");

        ada.sign_in("/orders?a=%2F&b=c", ADA, &gate.texts).is(200);
        let seen = gate.app.last();
        assert_eq!(seen.target, "/orders?a=%2F&b=c", "{name}");
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{name}");
        assert_eq!(seen.header("x-forwarded-for"), Some(VISITOR), "{name}: {seen:?}");
        assert_eq!(seen.header("x-forwarded-proto"), Some("https"), "{name}");
        assert_eq!(seen.header("x-forwarded-host"), Some(HOST), "{name}");
        assert_eq!(seen.header("x-forwarded-port"), Some("443"), "{name}");
        assert_eq!(seen.header("host"), Some(HOST), "{name}");
        assert!(ada.cookie("__Host-doorcode").is_some(), "{name}");

        let client = format!("\"client\":\"{VISITOR}\"");
        let is_told =
            || gate.access_log().lines().any(|line| line.contains("/orders")).then_some(());
        wait_for("an access line", is_told);
        assert!(gate.access_log().lines().all(|line| line.contains(&client)), "{name}");
    });
}

#[test]
fn every_cookie_is_for_https_only() {
    each(|front| {
        let mut ada = front.browser();
        let number = ada.visit("/").is(200);
        for line in number.all("set-cookie") {
            assert!(line.contains("; Secure"), "{}: {line}", front.name);
        }
        let page = ada.give_number(&number, ADA).is(200).says("name=\"code\"");
        let code = crate::support::browser::code_in(&front.gate.texts.text(1).body);
        let right = ada.give_code(&page, &code).is(303);
        let set = right.all("set-cookie");
        assert!(!set.is_empty(), "{}: {right}", front.name);
        for line in set {
            let safe = line.starts_with("__Host-") && line.contains("; Secure");
            assert!(safe, "{}: {line}", front.name);
        }
    });
}

#[test]
fn http_is_led_to_https() {
    for kind in ALL {
        let front = Fronted::start(kind);
        let request =
            format!("GET /orders?a=b HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        let answer = exchange(front.plain, request.as_bytes()).is(308);
        assert_eq!(answer.location(), format!("https://{HOST}/orders?a=b"), "{kind:?}");
        assert_eq!(front.gate.app.count(), 0, "{kind:?}");
    }
}

#[test]
fn a_websocket_passes_both_ways() {
    each(|front| {
        let mut ada = front.browser();
        ada.sign_in("/orders", ADA, &front.gate.texts).is(200);
        let lines = [&WEBSOCKET[..], &[("Origin", "https://shop.example.com")]].concat();
        let mut wire = Wire::to(front.visitors.port);
        wire.send(&ada.request("GET", "/socket", &lines, None)).expect("sent");
        wire.answer(false).expect("an answer").is(101);
        for word in [b"one", b"two"] {
            wire.send(word).expect("sent");
            assert_eq!(&wire.bytes(3)[..], word, "{}", front.name);
        }
        assert_eq!(front.gate.app.last().header("x-forwarded-for"), Some(VISITOR));
    });
}

#[test]
fn a_large_body_arrives() {
    // More than nginx takes by default.
    let body = "x".repeat(3 << 20);
    each(|front| {
        let mut ada = front.browser();
        ada.sign_in("/orders", ADA, &front.gate.texts).is(200);
        ada.post("/upload", &[("a", &body)]).is(200);
        assert_eq!(front.gate.app.last().body.len(), body.len() + 2, "{}", front.name);
    });
}
