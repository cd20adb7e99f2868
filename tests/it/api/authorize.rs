//! `GET /authorize`: who is signed in, silently or by our own pages.
use std::time::Duration;

use doorcode::system::Clock as _;
use serde_json::json;

use super::world::{CALLBACK, VERIFIER, World, asks, claims, read, refused, told};
use crate::support::browser::{Browser, between, code_in, flow_of};
use crate::support::gate::wait_for;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const STATE: &str = "~.-a+/b=&c";

/// From the answer that leads to our pages to the one that leads back to the client.
#[track_caller]
pub(super) fn log_in(world: &World, browser: &mut Browser, begun: Answer, phone: &str) -> Answer {
    let before = world.gate.texts.messages().len();
    let number = browser.follow(begun).is(200).says("name=\"phone\"");
    let page = browser.give_number(&number, phone).is(200).says("name=\"code\"");
    let text = world.gate.texts.text(before + 1).body;
    let answer = browser.give_code(&page, &code_in(&text)).is(303);
    out(browser, answer)
}

/// By way of `done` and `resume` to the first URL of somebody else.
#[track_caller]
fn out(browser: &mut Browser, answer: Answer) -> Answer {
    let done = browser.follow(answer).is(200).says("http-equiv=\"refresh\"").text();
    let mut answer = browser.get(&between(&done, "content=\"0;url=", "\"").replace("&amp;", "&"));
    for _ in 0..5 {
        if !answer.location().contains("/.doorcode/") {
            return answer;
        }
        let target = browser.here(answer.location());
        answer = browser.get(&target);
    }
    panic!("never out: {answer}");
}

#[track_caller]
pub(super) fn is_login(answer: &Answer) {
    assert!(answer.status == 303 && answer.location().contains("/.doorcode/login?"), "{answer}");
}

#[test]
fn a_login_by_the_pages_leads_back_with_a_code_and_its_state() {
    let world = World::start();
    let mut browser = world.gate.browser();
    let begun = browser.get(&asks(&[("login_hint", BOB), ("ui_locales", "xx fr")]));
    is_login(&begun);
    let page = browser.follow(begun).is(200);
    assert!(page.text().contains("lang=\"fr\""), "{page}");
    let page = page.says("My SPA").text();
    assert!(page.contains("7400"), "the number is typed in already: {page}");

    let begun = browser.get(&asks(&[]));
    let back = log_in(&world, &mut browser, begun, BOB);
    assert!(world.gate.texts.text(1).body.contains("My SPA"), "{:?}", world.gate.texts.text(1));
    let location = back.location();
    assert!(location.starts_with(&format!("{CALLBACK}?")), "{location}");
    assert_eq!(told(location, "state").as_deref(), Some(STATE));
    let code = told(location, "code").unwrap();
    let body = json!({
        "grant_type": "authorization_code", "client_id": "spa", "code": code,
        "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
    });
    let given = read(&world.json("/oauth/token", &body).is(200));
    assert_eq!(claims(&given["id_token"])["nonce"], "n+1=");
    assert_eq!(
        read(&world.userinfo(&given["access_token"]).is(200))["sub"],
        claims(&given["id_token"])["sub"]
    );
}

#[test]
fn silently_it_tells_who_is_signed_in_and_nothing_else() {
    let world = World::start();
    let mut stranger = world.gate.browser();
    let answer = stranger.get(&asks(&[("prompt", "none")])).is(303);
    let location = answer.location();
    assert_eq!(told(location, "error").as_deref(), Some("login_required"));
    assert_eq!(told(location, "error_description").as_deref(), Some("Login required"));
    assert_eq!(told(location, "state").as_deref(), Some(STATE));
    let mut browser = world.signed_in(BOB);
    let answer = browser.get(&asks(&[("prompt", "none"), ("connection", "sms")])).is(303);
    assert!(told(answer.location(), "code").is_some(), "{answer}");
    world.block(BOB, true);
    // A server learns within half a second what a command has done.
    wait_for("end of the session", || {
        let answer = browser.get(&asks(&[("prompt", "none")])).is(303);
        told(answer.location(), "error").filter(|error| error == "login_required")
    });
}

#[test]
fn a_connection_that_is_named_and_prompt_ask_for_a_new_login() {
    for change in [("connection", "sms"), ("realm", "sms"), ("prompt", "login")] {
        let world = World::start();
        let mut browser = world.signed_in(BOB);
        assert!(told(browser.get(&asks(&[])).location(), "code").is_some());
        world.gate.pass(Duration::from_mins(2));
        let begun = browser.get(&asks(&[change]));
        is_login(&begun);
        let back = log_in(&world, &mut browser, begun, ADA);
        assert!(told(back.location(), "code").is_some(), "{change:?}: {back}");
        is_login(&browser.get(&asks(&[change])));
    }
}

#[test]
fn who_signs_in_again_in_the_same_browser_is_not_thrown_out_of_other_applications() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    let former = browser.session();
    for phone in [BOB, ADA] {
        world.gate.pass(Duration::from_mins(2));
        let begun = browser.get(&asks(&[("prompt", "login")]));
        log_in(&world, &mut browser, begun, phone);
        world.userinfo(&given["access_token"]).is(if phone == BOB { 200 } else { 401 });
    }
    // What was Bob's ended when Ada took the browser over.
    let text = "Unknown or invalid refresh token.";
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", text);
    let mut thief = world.gate.browser();
    thief.keep_cookie("doorcode", &former);
    thief.get("/orders").is(303);
}

#[test]
fn max_age_asks_for_a_new_login_when_the_last_is_older() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let asks = |age| asks(&[("max_age", age)]);
    assert!(told(browser.get(&asks("60")).location(), "code").is_some());
    world.gate.pass(Duration::from_secs(61));
    is_login(&browser.get(&asks("60")));
    assert!(told(browser.get(&asks("61")).location(), "code").is_some());
    let silent = super::world::asks(&[("max_age", "60"), ("prompt", "none")]);
    assert_eq!(told(browser.get(&silent).location(), "error").as_deref(), Some("login_required"));
    world.gate.pass(Duration::from_mins(2));
    let begun = browser.get(&asks("0"));
    is_login(&begun);
    let back = log_in(&world, &mut browser, begun, BOB);
    assert!(told(back.location(), "code").is_some(), "{back}");
}

#[test]
fn somebody_else_s_link_to_a_login_leads_nowhere_in_another_browser() {
    let world = World::start();
    let mut attacker = world.gate.browser();
    let begun = attacker.get(&asks(&[]));
    let login = format!("{}&", attacker.here(begun.location()));
    let mut victim = world.gate.browser();
    victim.get("/.doorcode/login").is(200);
    let page = victim.get(login.trim_end_matches('&')).is(200).says(&word("number_timed_out"));
    let before = flow_of(&page);
    assert!(!login.contains(&before), "the victim's own begins anew");
    let form = [("flow", between(&login, "flow=", "&")), ("phone", BOB)];
    assert_eq!(victim.post("/.doorcode/login", &form[..]).status, 303);
    assert_eq!(world.gate.texts.requests(), 0, "nothing is sent for somebody else's login");
}

/// The parameter by which the login pages' way back is known.
const SINCE: &str = "doorcode_since";

#[test]
fn nobody_writes_when_a_login_was_asked_for() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    world.gate.pass(Duration::from_mins(2));
    let day = (world.gate.clock.now().as_millis() - 86_400_000).to_string();
    let code = |answer: &Answer| told(answer.location(), "code");
    for demand in [("prompt", "login"), ("max_age", "60"), ("max_age", "0"), ("connection", "sms")]
    {
        for forged in ["0", "-1", &day, "0.", "0.AAAAAAAAAAAAAAAAAAAAAA"] {
            is_login(&browser.get(&asks(&[demand, (SINCE, forged)])));
        }
    }
    // One of ours is good for the request and the browser that it was made for.
    let begun = browser.get(&asks(&[("prompt", "login")]));
    let back = log_in_to_authorize(&world, &mut browser, begun);
    let since = told(&back, SINCE).expect("a time");
    let mut thief = world.gate.browser();
    thief.keep_cookie("doorcode", &browser.session());
    is_login(&thief.get(&back));
    let other = [("prompt", "login"), ("state", "other"), (SINCE, since.as_str())];
    is_login(&browser.get(&asks(&other)));
    assert!(code(&browser.get(&back)).is_some());
    world.gate.pass(Duration::from_hours(1));
    is_login(&browser.get(&back));
}

/// From the answer that leads to our pages to the path that leads back to `/authorize`.
#[track_caller]
fn log_in_to_authorize(world: &World, browser: &mut Browser, begun: Answer) -> String {
    let number = browser.follow(begun).is(200).says("name=\"phone\"");
    let before = world.gate.texts.messages().len();
    let page = browser.give_number(&number, BOB).is(200).says("name=\"code\"");
    let text = world.gate.texts.text(before + 1).body;
    let answer = browser.give_code(&page, &code_in(&text)).is(303);
    let done = browser.follow(answer).is(200).says("http-equiv=\"refresh\"").text();
    let answer = browser.get(&between(&done, "content=\"0;url=", "\"").replace("&amp;", "&"));
    browser.here(answer.location())
}

#[test]
fn a_hint_is_answered_about_nobody_else() {
    let world = World::start();
    let mut ada = world.signed_in(ADA);
    let hers = super::codes::tokens(&world, &mut ada);
    let hint = ("id_token_hint", hers["id_token"].as_str().unwrap());
    let mut bob = world.signed_in(BOB);
    let error = |answer: &Answer| told(answer.location(), "error").unwrap_or_default();
    for hours in [0, 2] {
        // An expired one names somebody, too.
        world.gate.pass(Duration::from_hours(hours));
        let silent = asks(&[("prompt", "none"), hint]);
        assert_eq!(error(&bob.get(&silent).is(303)), "login_required");
        assert!(told(ada.get(&silent).location(), "code").is_some());
        assert!(told(ada.get(&asks(&[hint])).location(), "code").is_some());
    }
    // With pages, somebody else may sign in; if it is not who was meant, the client is told so.
    let begun = bob.get(&asks(&[hint]));
    is_login(&begun);
    let back = log_in(&world, &mut bob, begun, BOB);
    assert_eq!(error(&back), "login_required", "{back}");
    world.gate.pass(Duration::from_mins(2));
    let begun = bob.get(&asks(&[hint, ("state", "2")]));
    let back = log_in(&world, &mut bob, begun, ADA);
    assert!(told(back.location(), "code").is_some(), "{back}");
    for nonsense in ["x", hers["access_token"].as_str().unwrap()] {
        let answer = bob.get(&asks(&[("prompt", "none"), ("id_token_hint", nonsense)]));
        assert_eq!(error(&answer), "invalid_request");
    }
}
