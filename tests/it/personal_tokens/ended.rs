//! What ends a token, and when.
use std::time::Duration;

use doorcode::store::UserStore as _;
use doorcode::system::System;

use super::{SHOP, TOKENS, basic, program, program_at, signed_in, token};
use crate::people::beside;
use crate::support::browser::{Browser, between};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Wire, exchange};
use crate::support::postgresql;
use crate::support::settings::{ADA, BOB};

const FILE: &str = "database = \"sqlite:doorcode.db\"";
const LATE: Duration = Duration::from_secs(30);

fn end(browser: &mut Browser) {
    let page = browser.get(TOKENS).is(200);
    let id = between(&page.text(), "name=\"token\" value=\"", "\"").to_owned();
    let sent = browser.post("/.doorcode/account/tokens/end", &[("token", &id)]).is(303);
    browser.follow(sent).is(200).says("That token has ended.");
}

#[test]
fn a_token_ends_with_its_button_and_at_once() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let (one, other) = (token(&gate, &mut ada), token(&gate, &mut ada));
    let asks = |token: &str| {
        program(&gate, "GET", "/orders", &[("Authorization", &basic("a", token))]).status
    };
    assert_eq!([asks(&one), asks(&other)], [200, 200]);
    end(&mut ada);
    let mut now = [asks(&one), asks(&other)];
    now.sort_unstable();
    assert_eq!(now, [200, 401]);
    ada.get("/orders").is(200);
}

#[test]
fn a_token_ends_when_its_user_is_blocked_and_stays_ended() {
    let gate = Gate::changed(&[SHOP]);
    let (mut ada, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    let tokens = [token(&gate, &mut ada), token(&gate, &mut bob)];
    let asks = || {
        tokens.each_ref().map(|token| {
            program(&gate, "GET", "/orders", &[("Authorization", &basic("a", token))]).status
        })
    };
    assert_eq!(asks(), [200, 200]);
    let (store, now) = (beside(&gate), gate.system().now());
    let phone = doorcode::domain::PhoneNumber::from_e164(ADA).unwrap();
    gate.run(store.set_blocked(&(&phone).into(), true, now)).unwrap().unwrap();
    let clock = System::real().clock;
    wait_for("an end", || (asks() == [401, 200]).then_some(()));
    assert!(clock.elapsed() < Duration::from_secs(5));
    gate.run(store.set_blocked(&(&phone).into(), false, now)).unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(asks(), [401, 200]);
}

#[test]
fn a_token_ends_with_all_other_sessions_and_not_with_the_one_that_made_it() {
    let gate = Gate::changed(&[SHOP]);
    let (mut desk, mut phone) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    let token = token(&gate, &mut desk);
    let asks = || program(&gate, "GET", "/x", &[("Authorization", &basic("a", &token))]).status;
    desk.post("/.doorcode/sign-out", &[]).is(303);
    assert_eq!(asks(), 200, "it is not the session's");
    phone.get("/.doorcode/account").is(200).never_says("This also");
    let mut tablet = signed_in(&gate, ADA);
    phone.get("/.doorcode/account").is(200).says("This also ends all your access tokens.");
    phone.post("/.doorcode/account/end-others", &[]).is(303);
    assert_eq!(asks(), 401);
    tablet.get("/orders").is(303);
}

#[test]
fn a_token_ends_when_it_was_to_and_not_for_want_of_use() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let token = token(&gate, &mut ada);
    let asks = || program(&gate, "GET", "/x", &[("Authorization", &basic("a", &token))]).status;
    gate.pass(Duration::from_hours(24 * 30) - Duration::from_secs(1));
    assert_eq!(asks(), 200);
    ada.get("/orders").is(303);
    gate.pass(Duration::from_secs(1));
    assert_eq!(asks(), 401);
    signed_in(&gate, ADA).get(TOKENS).is(200).never_says("name=\"token\"");
}

#[test]
fn a_websocket_ends_with_the_token_that_opened_it() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let token = token(&gate, &mut ada);
    let mut wire = Wire::to(gate.port);
    let head = format!(
        "GET /socket HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: {}\r\n\r\n",
        &gate.origin["http://".len()..],
        basic("a", &token)
    );
    wire.send(head.as_bytes()).unwrap();
    wire.answer(true).unwrap().is(101);
    let opened = gate.app.last();
    assert_eq!(opened.header("authorization"), None);
    assert_eq!(opened.header("x-forwarded-phone"), Some(ADA));
    wire.send(b"still there?").unwrap();
    assert_eq!(wire.bytes(12), b"still there?");
    end(&mut ada);
    wire.hurry(Duration::from_secs(20));
    assert!(wire.is_closed(), "the websocket is open");
}

#[test]
fn what_ends_on_one_server_ends_on_the_other() {
    let setting = format!("{}\ncache = \"database\"", postgresql::shared().setting(LATE));
    let changes = [(FILE, setting.as_str()), SHOP];
    let first = Gate::changed(&changes);
    first.pass(Duration::from_secs(1));
    let second = first.beside(&changes);
    let without = first.beside(&changes[..1]);
    for node in [&second, &without] {
        wait_for("another server", || {
            let request = b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n";
            (exchange(node.admin, request).status == 200).then_some(())
        });
    }
    let mut ada = signed_in(&first, ADA);
    let token = token(&first, &mut ada);
    let value = basic("a", &token);
    let asks = |gate: &Gate| {
        let lines = [("Authorization", value.as_str())];
        program_at(gate.port, &first.origin, "GET", "/orders", &lines).status
    };
    assert_eq!([asks(&first), asks(&second)], [200, 200]);
    assert_eq!(asks(&without), 401, "its site takes none");
    end(&mut ada);
    let clock = System::real().clock;
    assert_eq!(asks(&first), 401);
    wait_for("an end", || (asks(&second) == 401).then_some(()));
    assert!(clock.elapsed() < Duration::from_secs(5), "{:?}", clock.elapsed());
}
