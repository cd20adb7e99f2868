//! Authorization codes.
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{
    CALLBACK, SECRET, VERIFIER, World, asks, authorize, claims, read, refused, told,
};
use crate::support::browser::Browser;
use crate::support::http::{Answer, storm};
use crate::support::settings::BOB;

const INVALID: &str = "Invalid authorization code";
const VERIFIER_WRONG: &str = "Failed to verify code verifier";

/// A code for a browser that is signed in.
#[track_caller]
fn code(browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    let answer = browser.get(&asks(changes)).is(303);
    told(answer.location(), "code").unwrap_or_else(|| panic!("no code: {answer}"))
}

fn good(code: &str) -> Vec<(&'static str, String)> {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn redeem(world: &World, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut form = good(code);
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((Box::leak(name.to_string().into_boxed_str()), (*value).to_owned()));
        }
    }
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.form("/oauth/token", &form)
}

/// What a browser that is signed in gets for `spa`, with a refresh token.
#[track_caller]
pub(super) fn tokens(world: &World, browser: &mut Browser) -> Value {
    let code = code(browser, &[("scope", "openid profile offline_access")]);
    read(&redeem(world, &code, &[]).is(200))
}

/// The error that a browser brings back that may be shown nothing.
#[track_caller]
pub(super) fn tokens_fail(_: &World, browser: &mut Browser) -> String {
    let answer = browser.get(&asks(&[("prompt", "none")])).is(303);
    told(answer.location(), "error").unwrap_or_else(|| panic!("no error: {answer}"))
}

#[test]
fn a_code_gives_tokens_about_the_login_in_the_browser() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = tokens(&world, &mut browser);
    let id = claims(&given["id_token"]);
    assert_eq!((&id["nonce"], &id["name"]), (&json!("n+1="), &json!(BOB)));
    assert!(id["auth_time"].is_number() && id["sid"].is_string(), "{id}");
    let next = read(&world.refresh(&given["refresh_token"]).is(200));
    let next = claims(&next["id_token"]);
    assert!(next.get("nonce").is_none(), "an SDK that refreshes sent none");
    assert_eq!(next["sid"], id["sid"]);
}

#[test]
fn a_code_is_taken_only_as_it_was_asked_for() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("code_verifier", "")], VERIFIER_WRONG),
        (&[("code_verifier", "wrong")], VERIFIER_WRONG),
        (&[("code_verifier", super::world::CHALLENGE)], VERIFIER_WRONG),
        (&[("code_verifier", "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ")], VERIFIER_WRONG),
        (&[("redirect_uri", "")], INVALID),
        (&[("redirect_uri", "https://app.example.com/callback/")], INVALID),
        (&[("redirect_uri", "https://app.example.com/other?x=1")], INVALID),
        (&[("client_id", "other")], INVALID),
        (&[("client_id", "web"), ("client_secret", SECRET)], INVALID),
    ];
    for (changes, text) in table {
        let code = code(&mut browser, &[]);
        refused(redeem(&world, &code, changes), 403, "invalid_grant", text);
        refused(redeem(&world, &code, &[]), 403, "invalid_grant", INVALID);
    }
    for nonsense in ["x", "../../etc/passwd", &"x".repeat(5000)] {
        refused(redeem(&world, nonsense, &[]), 403, "invalid_grant", INVALID);
    }
    let missing = "Missing required parameter: code";
    refused(redeem(&world, "x", &[("code", "")]), 400, "invalid_request", missing);
    let late = code(&mut browser, &[]);
    world.gate.pass(Duration::from_secs(61));
    refused(redeem(&world, &late, &[]), 403, "invalid_grant", INVALID);
    let late = code(&mut browser, &[]);
    world.gate.pass(Duration::from_secs(61));
    world.gate.clock.set_back(Duration::from_hours(1));
    refused(redeem(&world, &late, &[]), 403, "invalid_grant", INVALID);
}

#[test]
fn nobody_takes_the_challenge_away_or_puts_one_in() {
    let id = "id = \"web\"";
    let world = World::changed(&[(id, &format!("{id}\nrequire_pkce = false"))]);
    let mut browser = world.signed_in(BOB);
    let web = [
        ("client_id", "web"),
        ("response_type", "code"),
        ("redirect_uri", "https://web.example.com/cb"),
        ("scope", "openid"),
    ];
    let mut fresh = |more: &[(&str, &str)]| {
        let all: Vec<_> = web.iter().chain(more).copied().collect();
        let answer = browser.get(&authorize(&all)).is(303);
        told(answer.location(), "code").unwrap()
    };
    let own = [
        ("client_id", "web"),
        ("client_secret", SECRET),
        ("redirect_uri", "https://web.example.com/cb"),
    ];
    let with = |verifier| own.into_iter().chain([("code_verifier", verifier)]).collect::<Vec<_>>();
    redeem(&world, &fresh(&[]), &with("")).is(200);
    let answer = redeem(&world, &fresh(&[]), &with(VERIFIER));
    refused(answer, 403, "invalid_grant", VERIFIER_WRONG);
    let pkce = [("code_challenge", super::world::CHALLENGE), ("code_challenge_method", "S256")];
    redeem(&world, &fresh(&pkce), &with(VERIFIER)).is(200);
    refused(redeem(&world, &fresh(&pkce), &with("")), 403, "invalid_grant", VERIFIER_WRONG);
}

#[test]
fn of_fifty_at_once_one_gets_tokens_and_they_are_worth_nothing() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let code = code(&mut browser, &[("scope", "openid offline_access")]);
    let form = good(&code);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = browser.request("POST", "/.doorcode/oauth/token", &[], Some(&form));
    let answers = storm(world.gate.port, &vec![request; 50]);
    let good: Vec<Value> = answers.iter().filter(|a| a.status == 200).map(read).collect();
    assert!(answers.iter().all(|a| matches!(a.status, 200 | 403)), "{answers:?}");
    let [given] = &good[..] else { panic!("{} were answered", good.len()) };
    let text = "Unknown or invalid refresh token.";
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", text);
    world.userinfo(&given["access_token"]).is(401);
    browser.get("/").is(200);
}

#[test]
fn a_second_use_later_revokes_what_the_first_gave() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let code = code(&mut browser, &[("scope", "openid offline_access")]);
    let given = read(&redeem(&world, &code, &[]).is(200));
    world.userinfo(&given["access_token"]).is(200);
    refused(redeem(&world, &code, &[]), 403, "invalid_grant", INVALID);
    world.userinfo(&given["access_token"]).is(401);
    let text = "Unknown or invalid refresh token.";
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", text);
}

#[test]
fn a_code_is_worth_nothing_once_its_person_is_out() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let code_1 = code(&mut browser, &[]);
    browser.get("/.doorcode/v2/logout").is(200);
    refused(redeem(&world, &code_1, &[]), 403, "invalid_grant", INVALID);
    world.gate.pass(Duration::from_mins(2));
    let mut browser = world.signed_in(BOB);
    let code_2 = code(&mut browser, &[]);
    world.block(BOB, true);
    refused(redeem(&world, &code_2, &[]), 403, "invalid_grant", "user is blocked");
}

/// RFC 7636 §4.1: a verifier in another alphabet, and a challenge that it matches.
#[test]
fn a_verifier_has_its_alphabet() {
    use base64::Engine as _;
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let good = "-._~".repeat(11);
    for (verifier, status) in [
        (good.as_str(), 200),
        (&format!("{good} "), 403),
        (&format!("{good}+"), 403),
        (&format!("{good}/"), 403),
        (&format!("{good}="), 403),
        (&format!("{good}%41"), 403),
        (&format!("{good}\0"), 403),
        (&format!("{good}é"), 403),
        (&"a".repeat(42), 403),
        (&"a".repeat(43), 200),
        (&"a".repeat(128), 200),
        (&"a".repeat(129), 403),
    ] {
        let digest = doorcode::domain::sha256(verifier.as_bytes());
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
        let code = code(&mut browser, &[("code_challenge", &challenge)]);
        let answer = redeem(&world, &code, &[("code_verifier", verifier)]);
        assert_eq!(answer.status, status, "{verifier}: {answer}");
    }
}
