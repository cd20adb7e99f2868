use std::time::Duration;

use super::{script, signed_in};
use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;
use crate::support::words::word;

const ACCOUNT: &str = "/.doorcode/account";

/// The ids of the sessions that can be ended.
fn others(page: &Answer) -> Vec<String> {
    let page = page.text();
    let ids = page.split("name=\"session\" value=\"").skip(1);
    ids.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn end(browser: &mut Browser, session: &str) -> Answer {
    browser.post("/.doorcode/account/end", &[("session", session)])
}

#[test]
fn everybody_sees_their_own_sessions_and_no_others() {
    let gate = Gate::start();
    let (mut desk, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    gate.pass(Duration::from_hours(3));
    let mut phone = signed_in(&gate, ADA);
    gate.pass(Duration::from_mins(5));

    let page =
        phone.get(ACCOUNT).is(200).says(&word("account_title")).says(&word("account_current"));
    let page = page.says("Last used 3 hours ago.").says("Signed in 3 hours ago.");
    let page = page.says("Signed in 5 minutes ago.").says(&word("account_network_same"));
    let page = page.says("datetime=\"2026-01-01T00:00Z\"").never_says("55501");
    assert_eq!(others(&page).len(), 1);
    assert_eq!(others(&bob.get(ACCOUNT).is(200)).len(), 0);
    desk.get("/orders").is(200);
    phone.get(ACCOUNT).is(200).says("Last used just now.");

    gate.pass(Duration::from_hours(24));
    phone.get("/orders").is(303);
    let only = signed_in(&gate, ADA).get(ACCOUNT).is(200);
    assert_eq!(others(&only).len(), 0, "sessions that were not used for long are over");
}

#[test]
fn one_other_session_is_ended_and_at_once() {
    let gate = Gate::start();
    let (mut desk, mut phone) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    desk.get("/orders").is(200);
    let page = phone.get(ACCOUNT).is(200);
    let sent = end(&mut phone, &others(&page)[0]).is(303);
    desk.get("/orders").is(303);
    let page = phone.follow(sent).is(200).says(&word("account_one_ended"));
    assert_eq!(others(&page).len(), 0);
    phone.get(ACCOUNT).is(200).never_says("has ended");
    phone.get("/orders").is(200);
    assert_eq!(gate.count(sessions::OPEN), 1);
}

#[test]
fn all_other_sessions_are_ended_and_this_one_stays() {
    let gate = Gate::start();
    let mut bob = signed_in(&gate, BOB);
    let mut others = [(); 3].map(|()| signed_in(&gate, ADA));
    let mut phone = signed_in(&gate, ADA);
    let sent = phone.post("/.doorcode/account/end-others", &[]).is(303);
    phone.follow(sent).is(200).says(&word("account_others_ended"));
    phone.get(ACCOUNT).is(200).never_says("have ended");
    for other in &mut others {
        other.get("/orders").is(303);
    }
    phone.get("/orders").is(200);
    bob.get("/orders").is(200);
}

#[test]
fn nobody_ends_what_is_not_theirs() {
    let gate = Gate::start();
    let (mut desk, mut phone) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    let mut bob = signed_in(&gate, BOB);
    let desks = others(&phone.get(ACCOUNT).is(200))[0].clone();
    let phones = others(&desk.get(ACCOUNT).is(200))[0].clone();

    let sent = end(&mut bob, &desks).is(303);
    bob.follow(sent).is(200).never_says("has ended");
    for wrong in [phones.as_str(), "", "x", &desks[1..], "' OR 1=1 --"] {
        let sent = end(&mut phone, wrong).is(303);
        phone.follow(sent).is(400);
    }
    let from_elsewhere = [("Origin", "https://evil.example")];
    let form = [("session", desks.as_str())];
    phone.send("POST", "/.doorcode/account/end", &from_elsewhere, Some(&form)).is(403);
    phone.send("POST", "/.doorcode/account/end-others", &from_elsewhere, Some(&[])).is(403);
    phone.get("/.doorcode/account/end").is(405);
    for browser in [&mut desk, &mut phone, &mut bob] {
        browser.get("/orders").is(200);
    }
}

#[test]
fn who_is_not_signed_in_is_asked_to_and_comes_back() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    script(&mut browser, ACCOUNT).is(401).says("\"login_url\"");
    script(&mut browser, "/.doorcode/me").is(401);
    browser.post("/.doorcode/account/end-others", &[]).is(303);
    let page = browser.sign_in(ACCOUNT, ADA, &gate.texts).is(200);
    assert!(page.text().contains(&word("account_title")), "{page}");
}

#[test]
fn a_session_that_ended_while_its_page_was_open_ends_nothing_else() {
    let gate = Gate::start();
    let (mut desk, mut phone) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    let desks = others(&phone.get(ACCOUNT).is(200))[0].clone();
    phone.post("/.doorcode/sign-out", &[]).is(303);
    let asked = end(&mut phone, &desks).is(303);
    assert!(asked.location().contains("/sign-in?"), "{asked}");
    desk.get("/orders").is(200);
}

#[test]
fn devices_are_told_apart() {
    let gate = Gate::start();
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA);
    let code = crate::support::browser::code_in(&gate.texts.text(1).body);
    let flow = crate::support::browser::flow_of(&page);
    let form = [("flow", flow.as_str()), ("code", code.as_str())];
    let lines = [("User-Agent", agent)];
    let sent = browser.send("POST", "/.doorcode/code", &lines, Some(&form)).is(303);
    browser.finish(sent).is(200);
    let page = browser.get(ACCOUNT).is(200);
    let heading = between(&page.text(), "<h2>", "</h2>").to_owned();
    assert_eq!(heading, "<bdi dir=\"ltr\">Safari</bdi> on <bdi dir=\"ltr\">iPhone</bdi>");
}
