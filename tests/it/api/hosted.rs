//! auth0-js on the issuer's own page: a code is looked at, then used by going to a URL.
use serde_json::{Value, json};

use super::world::{PAGE, WRONG, World, asks, encoded, refused, told};
use crate::support::browser::{Browser, between, unlike};
use crate::support::http::{Answer, exchange};
use crate::support::settings::BOB;

fn body(code: &str) -> Value {
    json!({
        "connection": "sms", "verification_code": code, "phone_number": BOB, "client_id": "spa",
    })
}

/// What a script of the issuer's own page sends, with the cookies of its browser.
fn verify(world: &World, browser: &Browser, origin: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let length = body.len().to_string();
    let lines = [
        ("Origin", origin),
        ("Content-Type", "application/json"),
        ("Content-Length", length.as_str()),
    ];
    let mut request = browser.request("POST", "/.doorcode/passwordless/verify", &lines, None);
    request.extend(body.as_bytes());
    exchange(world.gate.port, &request)
}

/// A browser on the login page, and the transaction's state.
fn begun(world: &World) -> (Browser, String) {
    let mut browser = world.gate.browser();
    let answer = browser.get(&asks(&[])).is(303);
    let location = format!("{}&", answer.location());
    (browser, between(&location, "flow=", "&").to_owned())
}

fn redirect(state: &str, code: &str) -> String {
    let query = encoded(&[
        ("client_id", "spa"),
        ("response_type", "token"),
        ("redirect_uri", "https://evil.example/"),
        ("connection", "sms"),
        ("phone_number", BOB),
        ("verification_code", code),
        ("state", state),
    ]);
    format!("/.doorcode/passwordless/verify_redirect?{query}")
}

#[test]
fn a_code_is_looked_at_and_then_leads_back_to_the_app_that_asked() {
    let world = World::start();
    let (mut browser, state) = begun(&world);
    let code = world.code_for("spa", BOB);
    let own = world.gate.origin.clone();
    for _ in 0..2 {
        verify(&world, &browser, &own, &body(&code)).is(200).says("OK");
    }
    assert_eq!(browser.cookie("doorcode"), None);
    let wrong = verify(&world, &browser, &own, &body(&unlike(&code, 0)));
    refused(wrong, 401, "invalid_user_password", WRONG);
    let answer = browser.get(&redirect(&state, &code)).is(303);
    let back = browser.here(answer.location());
    let answer = browser.get(&back).is(303);
    let location = answer.location();
    assert!(location.starts_with("https://app.example.com/callback?code="), "{location}");
    assert_eq!(told(location, "state").as_deref(), Some("~.-a+/b=&c"), "the app's own");
    browser.get("/orders").is(200);
    browser.get(&redirect(&state, &code)).is(400).says(WRONG);
}

/// At the pages the same browser may click twice; here an attempt is the client's, and whoever
/// has seen the code could be another one.
#[test]
fn a_second_browser_with_the_same_code_does_not_get_the_first_one_s_session() {
    let world = World::start();
    let (mut first, state) = begun(&world);
    let (mut second, own) = begun(&world);
    let code = world.code_for("spa", BOB);
    first.get(&redirect(&state, &code)).is(303);
    second.get(&redirect(&own, &code)).is(400).says(WRONG);
    assert_eq!(second.cookie("doorcode"), None);
}

#[test]
fn without_a_login_under_way_in_this_browser_no_code_is_looked_at() {
    let world = World::start();
    let (browser, _) = begun(&world);
    let code = world.code_for("spa", BOB);
    let own = world.gate.origin.clone();
    let text = "no login of this client is under way in this browser";
    let mut taken = world.gate.browser();
    taken.keep_cookie("doorcode-transaction", &browser.cookie("doorcode-transaction").unwrap());
    taken.get("/.doorcode/login").is(200);
    let mut other = body(&code);
    other["client_id"] = json!("other");
    let (later, _) = begun(&world);
    for n in 0..5 {
        let wrong = body(&unlike(&code, n));
        for (browser, origin) in
            [(&world.gate.browser(), own.as_str()), (&taken, own.as_str()), (&browser, PAGE)]
        {
            refused(verify(&world, browser, origin, &wrong), 400, "invalid_request", text);
        }
    }
    refused(verify(&world, &browser, &own, &other), 400, "invalid_request", text);
    // As `popup.passwordlessVerify` of auth0-js sends it.
    let mut unnamed = body(&code);
    unnamed["client_id"] = json!(null);
    verify(&world, &browser, &own, &unnamed).is(200);
    let text_unnamed = "missing client_id parameter";
    refused(verify(&world, &taken, &own, &unnamed), 400, "invalid_request", text_unnamed);
    verify(&world, &browser, &own, &body(&code)).is(200);
    world.gate.pass(std::time::Duration::from_mins(11));
    refused(verify(&world, &later, &own, &body(&code)), 400, "invalid_request", text);
}

#[test]
fn a_body_is_judged_in_the_words_of_this_door() {
    let world = World::start();
    let (browser, _) = begun(&world);
    let own = world.gate.origin.clone();
    for (changes, status, error, text) in [
        (json!({"connection": ""}), 400, "invalid_request", "missing connection parameter"),
        (json!({"phone_number": ""}), 400, "invalid_request", "missing phone_number parameter"),
        (json!({"verification_code": ""}), 400, "invalid_request", "missing verification_code"),
        (json!({"connection": "x"}), 400, "invalid_request", "the connection was not found"),
        (json!({"client_id": "x"}), 403, "unauthorized_client", "invalid client"),
        (json!({"grant_type": "password"}), 400, "invalid_request", "missing username parameter"),
    ] {
        let mut body = body("123456");
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        refused(verify(&world, &browser, &own, &body), status, error, text);
    }
}

#[test]
fn a_link_signs_nobody_in_whose_browser_did_not_begin() {
    let world = World::start();
    let (mut attacker, state) = begun(&world);
    let code = world.code_for("spa", BOB);
    let mut fresh = world.gate.browser();
    let (mut busy, own) = begun(&world);
    for (is_busy, state) in [(false, state.as_str()), (true, &state), (false, ""), (false, "x")] {
        let browser = if is_busy { &mut busy } else { &mut fresh };
        for n in 0..5 {
            browser.get(&redirect(state, &unlike(&code, n))).is(400);
        }
        let answer = browser.get(&redirect(state, &code)).is(400);
        assert!(answer.all("location").is_empty(), "{answer}");
        assert_eq!(browser.cookie("doorcode"), None, "{state}");
    }
    let other = redirect(&own, &code).replace("client_id=spa", "client_id=other");
    busy.get(&other).is(400).says("another client");
    attacker.get(&redirect(&state, &code)).is(303);
}
