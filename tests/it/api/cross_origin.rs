//! Login on a page of the client: `/co/authenticate`, and the ticket that `/authorize` takes.
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{OTP, PAGE, WRONG, World, asks, claims, read, refused, told};
use crate::support::browser::{Browser, unlike};
use crate::support::http::{Answer, exchange};
use crate::support::settings::{ADA, BOB};

const TOKENS: (&str, &str) = ("response_type", "token id_token");

fn body(phone: &str, code: &str) -> Value {
    json!({
        "client_id": "spa", "credential_type": OTP, "username": phone, "otp": code, "realm": "sms",
    })
}

/// What the page's script sends, with the cookies of its browser.
fn authenticate(world: &World, browser: &mut Browser, origin: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let length = body.len().to_string();
    let lines = [
        ("Origin", origin),
        ("Content-Type", "application/json"),
        ("Content-Length", length.as_str()),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "same-site"),
    ];
    let mut request = browser.request("POST", "/.doorcode/co/authenticate", &lines, None);
    request.extend(body.as_bytes());
    let answer = exchange(world.gate.port, &request);
    browser.take_cookies(&answer);
    answer
}

#[track_caller]
fn ticket(world: &World, browser: &mut Browser, phone: &str) -> String {
    let code = world.code_for("spa", phone);
    let given = authenticate(world, browser, PAGE, &body(phone, &code)).is(200);
    read(&given)["login_ticket"].as_str().unwrap().to_owned()
}

fn use_up(browser: &mut Browser, ticket: &str, changes: &[(&str, &str)]) -> String {
    let changes: Vec<_> =
        [TOKENS, ("login_ticket", ticket)].into_iter().chain(changes.iter().copied()).collect();
    browser.get(&asks(&changes)).is(303).location().to_owned()
}

#[track_caller]
fn is_refused(location: &str) {
    assert_eq!(told(location, "error").as_deref(), Some("access_denied"), "{location}");
    assert_eq!(told(location, "state").as_deref(), Some("~.-a+/b=&c"), "{location}");
    assert!(!location.contains("token="), "{location}");
}

#[test]
fn a_ticket_signs_its_browser_in_once() {
    let world = World::start();
    let mut browser = world.gate.browser();
    let code = world.code_for("spa", BOB);
    let answer = authenticate(&world, &mut browser, PAGE, &body(BOB, &code)).is(200);
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let given = read(&answer);
    assert!(given["co_verifier"].is_string() && given["co_id"].is_string(), "{given}");
    assert!(cookie.contains(given["co_id"].as_str().unwrap()), "{cookie}");
    browser.get("/orders").is(303);
    assert!(told(browser.get(&asks(&[("prompt", "none")])).location(), "code").is_none());

    let ticket = given["login_ticket"].as_str().unwrap().to_owned();
    let location = use_up(&mut browser, &ticket, &[]);
    let id = claims(&told(&location, "id_token").unwrap().into());
    assert_eq!(id["nonce"], "n+1=");
    world.userinfo(&told(&location, "access_token").unwrap().into()).is(200);
    browser.get("/orders").is(200);
    let silent = browser.get(&asks(&[("prompt", "none")]));
    assert!(told(silent.location(), "code").is_some(), "{silent}");

    is_refused(&use_up(&mut browser, &ticket, &[]));
    let mut browser = world.gate.browser();
    let again = authenticate(&world, &mut browser, PAGE, &body(BOB, &code));
    refused(again, 403, "access_denied", WRONG);
}

#[test]
fn a_ticket_is_worth_nothing_to_anybody_else_and_is_spent_by_them() {
    let world = World::start();
    let table: [fn(&World, &mut Browser, &str) -> String; 5] = [
        |world, _, ticket| use_up(&mut world.gate.browser(), ticket, &[]),
        |_, browser, ticket| {
            let other = [
                ("client_id", "other"),
                ("redirect_uri", "https://other.example.com/callback"),
                ("response_type", "code"),
            ];
            let changes: Vec<_> = other.into_iter().chain([("login_ticket", ticket)]).collect();
            browser.get(&asks(&changes)).is(303).location().to_owned()
        },
        |world, browser, ticket| {
            world.gate.pass(Duration::from_secs(61));
            use_up(browser, ticket, &[])
        },
        |world, browser, ticket| {
            world.gate.pass(Duration::from_secs(61));
            world.gate.clock.set_back(Duration::from_secs(61));
            use_up(browser, ticket, &[])
        },
        |_, browser, ticket| {
            use_up(browser, &ticket[1..], &[]);
            use_up(browser, "x", &[])
        },
    ];
    for (n, (misuse, spent)) in table.into_iter().zip([true, true, true, true, false]).enumerate() {
        let mut browser = world.gate.browser();
        let ticket = ticket(&world, &mut browser, &format!("+1202555010{n}"));
        is_refused(&misuse(&world, &mut browser, &ticket));
        let after = use_up(&mut browser, &ticket, &[]);
        assert_eq!(after.contains("access_token="), !spent, "{n}: {after}");
    }
}

#[test]
fn a_page_that_the_client_does_not_list_gets_nothing() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let good = body(BOB, &code);
    for origin in
        ["https://elsewhere.example.com", "https://other.example.com", "https://evil.example"]
    {
        let answer = authenticate(&world, &mut world.gate.browser(), origin, &good);
        assert!(answer.all("set-cookie").is_empty(), "{answer}");
        let text = format!("Origin {origin} is not allowed.");
        refused(answer, 403, "access_denied", &text);
    }
    refused(world.json("/co/authenticate", &good), 403, "access_denied", "Origin is missing.");
    let answer = world.json_with("/co/authenticate", &[("Origin", "null")], &good);
    refused(answer, 403, "access_denied", "Origin is missing.");
    let mut browser = world.gate.browser();
    authenticate(&world, &mut browser, PAGE, &good).is(200);
}

#[test]
fn a_body_is_all_and_only_what_it_must_be() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let whole = "Invalid request body. All and only of";
    let cases = [
        (json!({"otp": null}), 400, "invalid_request", whole),
        (json!({"realm": ""}), 400, "invalid_request", whole),
        (json!({"client_id": null}), 400, "invalid_request", whole),
        (json!({"scope": "openid"}), 400, "invalid_request", whole),
        (json!({"credential_type": "x"}), 400, "unsupported_credential_type", "Unknown credential"),
        (json!({"realm": "x"}), 400, "invalid_request", "Unknown realm x."),
        (json!({"client_id": "nobody"}), 401, "unauthorized_client", "Cross origin login not"),
        (
            json!({"client_id": "bare"}),
            403,
            "access_denied",
            "Origin https://app.example.com is not",
        ),
        (json!({"otp": [code]}), 400, "invalid_request", "otp must be a text"),
        (json!({"username": ADA}), 403, "access_denied", WRONG),
        (json!({"username": "+1"}), 403, "access_denied", WRONG),
        (json!({"otp": "1"}), 403, "access_denied", WRONG),
    ];
    for (changes, status, error, text) in cases {
        let mut body = body(BOB, &code);
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = authenticate(&world, &mut world.gate.browser(), PAGE, &body);
        refused(answer, status, error, text);
    }
    let mut bare = body(BOB, &code);
    bare["client_id"] = json!("bare");
    let page = "https://bare.example.com";
    let answer = authenticate(&world, &mut world.gate.browser(), page, &bare);
    refused(answer, 401, "unauthorized_client", "Cross origin login not");
    for n in 0..2 {
        let wrong = body(BOB, &unlike(&code, n));
        let answer = authenticate(&world, &mut world.gate.browser(), PAGE, &wrong);
        refused(answer, 403, "access_denied", WRONG);
    }
    authenticate(&world, &mut world.gate.browser(), PAGE, &body(BOB, &code)).is(200);
}

#[test]
fn a_ticket_takes_the_place_of_who_was_there_and_a_blocked_person_gets_none() {
    let world = World::start();
    let mut browser = world.signed_in(ADA);
    let before = browser.session();
    let ticket = ticket(&world, &mut browser, BOB);
    assert_eq!(browser.session(), before, "until it is taken up");
    let location = use_up(&mut browser, &ticket, &[("scope", "openid phone")]);
    assert_eq!(claims(&told(&location, "id_token").unwrap().into())["phone_number"], BOB);
    assert_ne!(browser.session(), before);
    let mut old = world.gate.browser();
    old.keep_cookie("doorcode", &before);
    old.get("/orders").is(303);

    world.block(BOB, true);
    world.gate.pass(Duration::from_mins(2));
    let code = world.code_for("spa", BOB);
    let answer = authenticate(&world, &mut world.gate.browser(), PAGE, &body(BOB, &code));
    refused(answer, 403, "blocked_user", "Blocked user");
}

#[test]
fn whoever_is_blocked_between_ticket_and_use_is_not_let_in() {
    let world = World::start();
    let mut browser = world.gate.browser();
    let ticket = ticket(&world, &mut browser, BOB);
    world.block(BOB, true);
    let location = use_up(&mut browser, &ticket, &[]);
    assert!(told(&location, "error").is_some(), "{location}");
    browser.get("/orders").is(303);
}
