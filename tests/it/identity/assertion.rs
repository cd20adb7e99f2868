//! The assertion as an app meets it, behind a running gate.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::system::Clock as _;
use serde_json::{Value, json};

use super::verifier::Verifier;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;

const NAME: &str = "x-doorcode-assertion";

fn now(gate: &Gate) -> i64 {
    gate.clock.now().as_millis() / 1000
}

/// An app at the gate's one site.
fn verifier(gate: &Gate) -> Verifier {
    let keys = gate.browser().get("/.doorcode/.well-known/jwks.json").is(200).text();
    Verifier::new(&keys, &format!("{}/.doorcode/", gate.origin), &gate.origin)
}

fn told(gate: &Gate) -> String {
    gate.app.last().header(NAME).expect("an assertion").to_owned()
}

#[test]
fn an_app_can_check_who_its_caller_is_with_the_published_keys() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let (header, claims) = verifier(&gate).read(&told(&gate), now(&gate)).expect("good");

    let seen = gate.app.last();
    let expected = json!({
        "iss": format!("{}/.doorcode/", gate.origin),
        "aud": gate.origin,
        "sub": seen.header("x-forwarded-user"),
        "sid": claims["sid"],
        "phone_number": ADA,
        "groups": ["admin", "staff"],
        "iat": now(&gate),
        "exp": now(&gate) + 120,
    });
    assert_eq!(claims, expected, "these and no others");
    let sid = claims["sid"].as_str().expect("a session");
    let stored = gate.count(sessions::ALL);
    assert_eq!((sid.len(), stored), (32, 1), "{sid}");
    assert_eq!(header.typ.as_deref(), Some("doorcode-assertion+jwt"));
    let first = told(&gate).split('.').next().map(|part| URL_SAFE_NO_PAD.decode(part)).unwrap();
    let first: Value = serde_json::from_slice(&first.unwrap()).unwrap();
    assert_eq!(first, json!({"alg": "ES256", "typ": header.typ, "kid": header.kid}));

    gate.browser().sign_in("/", BOB, &gate.texts).is(200);
    let (_, claims) = verifier(&gate).read(&told(&gate), now(&gate)).expect("good");
    assert_eq!((&claims["phone_number"], &claims["groups"]), (&json!(BOB), &json!([])));
}

#[test]
fn what_was_changed_or_is_for_others_or_too_old_is_refused() {
    let gate = Gate::start();
    gate.browser().sign_in("/", BOB, &gate.texts).is(200);
    let (good, at, app) = (told(&gate), now(&gate), verifier(&gate));
    app.read(&good, at).expect("good");
    app.read(&good, at + 119).expect("good to its end");
    app.read(&good, at + 120).expect_err("too old");
    app.read(&good, at - 1).expect_err("not yet");

    let other = Verifier { audience: format!("{}/down", gate.origin), ..verifier(&gate) };
    other.read(&good, at).expect_err("for another site");
    let other = Verifier { issuer: "https://auth.example.com/".to_owned(), ..verifier(&gate) };
    other.read(&good, at).expect_err("of another issuer");
    let other = Gate::start();
    Verifier::new(
        &other.browser().get("/.doorcode/.well-known/jwks.json").text(),
        &app.issuer,
        &app.audience,
    )
    .read(&good, at)
    .expect_err("of another server's key");

    let parts: Vec<&str> = good.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64");
    let claims = String::from_utf8(claims).expect("JSON");
    let richer = claims.replace("\"groups\":[]", "\"groups\":[\"admin\"]");
    assert_ne!(richer, claims);
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for forged in [
        format!("{}.{}.{}", parts[0], encoded(&richer), parts[2]),
        format!("{}.{}.{}", encoded("{\"alg\":\"none\"}"), encoded(&richer), ""),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], encoded(&"\0".repeat(64))),
    ] {
        app.read(&forged, at).expect_err(&forged);
    }
}

#[test]
fn one_assertion_serves_for_a_minute_and_is_then_made_anew() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    let first = told(&gate);
    gate.pass(Duration::from_secs(59));
    bob.get("/orders").is(200);
    assert_eq!(told(&gate), first);
    gate.pass(Duration::from_secs(1));
    bob.get("/orders").is(200);
    let second = told(&gate);
    let (_, claims) = verifier(&gate).read(&second, now(&gate)).expect("good");
    assert_eq!(claims["iat"], json!(now(&gate)), "made just now");
    assert_ne!(second, first);
    verifier(&gate).read(&first, now(&gate)).expect("good for requests that are on their way");
}

#[test]
fn nobody_is_told_about_where_nobody_is_looked_for() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    for (mut browser, path, told) in [
        (gate.browser(), "/public/x", false),
        (gate.browser(), "/maybe/x", false),
        (bob.clone(), "/public/x", false),
        (bob, "/maybe/x", true),
    ] {
        browser.get(path).is(200);
        assert_eq!(gate.app.last().header(NAME).is_some(), told, "{path}");
    }
}

#[test]
fn two_sites_of_one_host_are_told_each_by_its_own_name_and_the_demo_app_shows_it() {
    let rule = |who| format!("path = \"/*\"\nallow = [\"{who}\"]");
    let changes = [("127.0.0.1:1\"", "demo\""), (&rule("public"), &rule("signed-in"))];
    let gate = Gate::changed(&changes);
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    let first = told(&gate);
    let page = bob.get("/down/x").is(200).says("x-doorcode-assertion").text();
    let page = page.replace("&quot;", "\"");
    for shown in [
        "\"typ\": \"doorcode-assertion+jwt\"".to_owned(),
        format!("\"aud\": \"{}/down\"", gate.origin),
        format!("\"phone_number\": \"{BOB}\""),
    ] {
        assert!(page.contains(&shown), "{shown} is not in {page}");
    }
    bob.get("/orders").is(200);
    assert_eq!(told(&gate), first, "kept although the other site was visited between");
}

#[test]
fn the_keys_are_public_and_may_be_kept_for_a_while() {
    let gate = Gate::start();
    let answer = gate.browser().get("/.doorcode/.well-known/jwks.json").is(200);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"), "{answer}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
    assert!(answer.all("set-cookie").is_empty(), "{answer}");
    let set: Value = serde_json::from_str(&answer.text()).expect("JSON");
    let keys = set["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 1, "{set}");
    let names: Vec<&str> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"], "no private part");
    gate.browser().post("/.doorcode/.well-known/jwks.json", &[]).is(405);
    gate.browser().get("/.well-known/jwks.json").is(303);
    assert_eq!(gate.app.count(), 0);
}
