//! A page behind a site on another host than the login pages.
use std::sync::Arc;

use serde_json::Value;

use super::{CLIENTS, read, script};
use crate::support::browser::{Browser, Line, code_in};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::BOB;

const ISSUER: &str = "https://auth.example.com";
const SHOP: &str = "https://shop.example.com";

fn gate() -> Gate {
    let spa = CLIENTS.1.replace("https://app.example.com", SHOP);
    let changes = [
        (CLIENTS.0, spa.as_str()),
        ("https://auth.example.com/.doorcode", ISSUER),
        ("https://auth.example.com/down", "https://shop.example.com/down"),
        ("\"Shop\"\nurl = \"https://auth", "\"Shop\"\nurl = \"https://shop"),
    ];
    Gate::at(Some(ISSUER), &changes)
}

/// The same person's browser, at the login pages and at the shop.
fn browsers(gate: &Gate) -> (Browser, Browser) {
    let at = |origin| Browser::new(origin, gate.port, Arc::clone(&gate.clock) as _);
    (at(ISSUER), at(SHOP))
}

fn ask(browser: &mut Browser, method: &str, step: &str, fields: &[Line<'_>]) -> Answer {
    let target = format!("/widget/{step}?client_id=spa");
    let form: Vec<_> = [("client_id", "spa")].into_iter().chain(fields.iter().copied()).collect();
    let form = (method == "POST").then_some(form.as_slice());
    browser.send(method, &target, &script(SHOP, "same-site"), form)
}

/// From the sign-in of the site through the login pages and back.
fn follow(issuer: &mut Browser, shop: &mut Browser, sign_in: &str) -> Answer {
    let request = shop.get(sign_in).is(303);
    let there = request.location().strip_prefix(ISSUER).expect("the login pages").to_owned();
    let ticket = issuer.get(&there).is(303);
    let back = ticket.location().strip_prefix(SHOP).expect("the shop").to_owned();
    shop.visit(&back)
}

#[test]
fn the_login_ends_with_a_session_of_the_site_and_no_other_page() {
    let gate = gate();
    let (mut issuer, mut shop) = browsers(&gate);
    ask(&mut issuer, "GET", "start", &[]).is(200);
    ask(&mut issuer, "POST", "start", &[("phone", BOB)]).is(200);
    let code = code_in(&gate.texts.text(1).body);
    let told =
        read(&ask(&mut issuer, "POST", "verify", &[("phone", BOB), ("code", &code)]).is(200));
    assert_eq!(told["state"], "signed-in", "{told}");
    shop.get("/.doorcode/me").is(401);
    let handover = told["handover"].as_str().expect("a way");
    let page = follow(&mut issuer, &mut shop, &format!("{handover}?return_to=%2Forders"));
    page.is(200).says("the app: GET /orders");
    assert!(shop.get("/.doorcode/me").is(200).text().contains(BOB));

    let told = read(&ask(&mut issuer, "GET", "start", &[]).is(200));
    assert_eq!(
        (&told["state"], &told["label"], &told["html"]),
        (&"continue".into(), &"Continue".into(), &Value::Null),
        "{told}"
    );
}

#[test]
fn who_is_signed_in_at_the_login_pages_only_gets_the_way_to_the_site() {
    let gate = gate();
    let (mut issuer, mut shop) = browsers(&gate);
    let number = issuer.visit("/login").is(200);
    let form = [("flow", &*crate::support::browser::flow_of(&number)), ("phone", BOB)];
    let answer = issuer.post("/login", &form).is(303);
    let page = issuer.follow(answer).is(200);
    let code = code_in(&gate.texts.text(1).body);
    let form = [("flow", &*crate::support::browser::flow_of(&page)), ("code", &*code)];
    issuer.post("/code", &form).is(303);
    issuer.language = "de".to_owned();
    let told = read(&ask(&mut issuer, "GET", "start", &[]).is(200));
    assert_eq!((&told["state"], &told["label"]), (&"continue".into(), &"Weiter".into()), "{told}");
    let sign_in = format!("{}/sign-in", told["site"].as_str().expect("a site"));
    follow(&mut issuer, &mut shop, &sign_in).is(200).says("the app: GET /");
}
