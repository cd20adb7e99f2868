//! `POST /oauth/token` for a number and its code, and for a client itself.
use std::time::Duration;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::world::{API, OTP, Pairs, SECRET, WRONG, World, basic, claims, read, refused};
use crate::support::browser::unlike;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;

const USED_UP: &str = "You've reached the maximum number of attempts.";

#[test]
fn a_right_code_gives_what_was_asked_for_and_works_once() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let mut body = World::otp("spa", BOB, &code);
    // As Auth0's SDK for Python leaves things out.
    body["audience"] = Value::Null;
    body["scope"] = json!("openid profile phone offline_access admin");
    let answer = world.json("/oauth/token", &body).is(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.all("set-cookie").is_empty(), "{answer}");
    let given = read(&answer);
    assert_eq!(given["scope"], "openid profile phone offline_access", "what it may not have");
    assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("Bearer"), &json!(900)));
    let (id, access) = (claims(&given["id_token"]), claims(&given["access_token"]));
    assert_eq!((&id["iss"], &id["aud"]), (&json!(world.issuer()), &json!("spa")));
    assert_eq!((&id["phone_number"], &id["nickname"]), (&json!(BOB), &json!("")));
    assert!(id.get("nonce").is_none(), "nobody sent one");
    let sub = id["sub"].as_str().unwrap();
    assert!(sub.starts_with("sms|") && sub.len() == 28, "{sub}");
    assert_eq!(access["sub"], sub);
    assert_eq!(access["aud"], json!(format!("{}userinfo", world.issuer())));
    assert_eq!(access["azp"], "spa");
    refused(world.json("/oauth/token", &body), 403, "invalid_grant", WRONG);
    assert_eq!(world.gate.count(sessions::ALL), 1);
}

#[test]
fn a_form_and_every_way_to_show_a_secret_do_the_same() {
    let world = World::start();
    let auth = basic("web", SECRET);
    let table: [(&str, Pairs<'_>, Pairs<'_>); 3] = [
        (ADA, &[], &[("client_id", "web"), ("client_secret", SECRET)]),
        (BOB, &[("Authorization", &auth)], &[]),
        ("+12025550188", &[("Authorization", &auth)], &[("client_id", "web")]),
    ];
    for (phone, lines, own) in table {
        let code = world.code_for("web", phone);
        let mut form =
            vec![("grant_type", OTP), ("username", phone), ("otp", &code), ("realm", "sms")];
        form.extend([("audience", API), ("scope", "read:orders")]);
        form.extend(own);
        let given = read(&world.form_with("/oauth/token", lines, &form).is(200));
        assert_eq!(given["scope"], "read:orders");
        assert!(given.get("id_token").is_none() && given.get("refresh_token").is_none());
        assert_eq!(claims(&given["access_token"])["aud"], API);
    }
}

#[test]
fn what_is_wrong_with_a_call_is_told_and_takes_no_try() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let missing = |name: &str| format!("Missing required parameter: {name}");
    let cases: Vec<(Value, u16, &str, String)> = vec![
        (json!({"grant_type": null}), 400, "invalid_request", missing("grant_type")),
        (json!({"grant_type": "password"}), 403, "unsupported_grant_type", "Unsupported".into()),
        (json!({"grant_type": "implicit"}), 403, "unsupported_grant_type", "Unsupported".into()),
        (json!({"client_id": ""}), 401, "access_denied", "Unauthorized".into()),
        (json!({"client_id": "nobody"}), 401, "access_denied", "Unauthorized".into()),
        (json!({"client_id": "web"}), 401, "access_denied", "Unauthorized".into()),
        (
            json!({"client_id": "web", "client_secret": "x"}),
            401,
            "access_denied",
            "Unauthorized".into(),
        ),
        (json!({"client_secret": "x"}), 401, "access_denied", "Unauthorized".into()),
        (
            json!({"client_id": "bare"}),
            403,
            "unauthorized_client",
            format!("Grant type '{OTP}' not allowed for the client."),
        ),
        (json!({"otp": ""}), 400, "invalid_request", missing("otp")),
        (json!({"username": null}), 400, "invalid_request", missing("username")),
        (json!({"realm": ""}), 400, "invalid_request", missing("realm")),
        (json!({"realm": "email"}), 400, "invalid_request", "Unknown realm email.".into()),
        (
            json!({"audience": "https://x"}),
            403,
            "access_denied",
            "Service not found: https://x".into(),
        ),
        (json!({"scope": "a\"b"}), 400, "invalid_scope", "scope".into()),
        (json!({"scope": ["openid"]}), 400, "invalid_request", "scope must be a text".into()),
        (json!({"audience": [API]}), 400, "invalid_request", "audience must be a text".into()),
        (json!({"otp": [code]}), 400, "invalid_request", "otp must be a text".into()),
        (json!({"otp": "12"}), 403, "invalid_grant", WRONG.into()),
        (json!({"username": "020 7946"}), 403, "invalid_grant", WRONG.into()),
        (json!({"username": ADA}), 403, "invalid_grant", WRONG.into()),
    ];
    for (changes, status, error, text) in cases {
        let mut body = World::otp("spa", BOB, &code);
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        refused(world.json("/oauth/token", &body), status, error, &text);
    }
    let uri = &read(&world.json("/oauth/token", &World::otp("bare", BOB, &code)))["error_uri"];
    assert_eq!(uri, "https://auth0.com/docs/clients/client-grant-types");
    for n in 0..2 {
        let body = World::otp("spa", BOB, &unlike(&code, n));
        refused(world.json("/oauth/token", &body), 403, "invalid_grant", WRONG);
    }
    world.json("/oauth/token", &World::otp("spa", BOB, &code)).is(200);
}

/// A client that used `Authorization` is told its scheme (RFC 6749 §5.2).
#[track_caller]
fn refused_basic(answer: Answer, error: &str) {
    let answer = answer.is(401);
    assert_eq!(read(&answer)["error"], error, "{answer}");
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Basic realm="), "{answer}");
}

#[test]
fn basic_credentials_that_are_wrong_in_any_way_are_refused() {
    let world = World::start();
    let code = world.code_for("web", BOB);
    let form = [("grant_type", OTP), ("username", BOB), ("otp", &code), ("realm", "sms")];
    for header in [
        basic("web", "wrong"),
        basic("web", ""),
        basic("nobody", SECRET),
        basic("spa", SECRET),
        "Basic !!!".to_owned(),
    ] {
        let answer = world.form_with("/oauth/token", &[("Authorization", &header)], &form);
        refused_basic(answer, "access_denied");
    }
    for header in ["Basic", &format!("Bearer {SECRET}")] {
        let answer = world.form_with("/oauth/token", &[("Authorization", header)], &form);
        refused(answer, 401, "access_denied", "Unauthorized");
    }
    let auth = basic("web", SECRET);
    for twice in [("client_secret", SECRET), ("client_id", "spa")] {
        let form: Vec<_> = form.into_iter().chain([twice]).collect();
        let answer = world.form_with("/oauth/token", &[("Authorization", &auth)], &form);
        refused_basic(answer, "access_denied");
    }
    let wrong = basic("web", "wrong");
    for (path, error) in [
        ("/oauth/revoke", "invalid_client"),
        ("/oauth/introspect", "invalid_client"),
        ("/passwordless/start", "access_denied"),
    ] {
        let answer = world.form_with(path, &[("Authorization", &wrong)], &[("token", "x")]);
        refused_basic(answer, error);
    }
    world.form_with("/oauth/token", &[("Authorization", &auth)], &form).is(200);
}

#[test]
fn a_secret_in_a_header_may_be_form_encoded_or_as_it_is() {
    let world = World::start();
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    assert_ne!(encoded, SECRET);
    for (phone, secret) in [(ADA, SECRET), (BOB, &encoded)] {
        let code = world.code_for("web", phone);
        let form = [("grant_type", OTP), ("username", phone), ("otp", &code), ("realm", "sms")];
        let auth = basic("web", secret);
        world.form_with("/oauth/token", &[("Authorization", &auth)], &form).is(200);
    }
}

#[test]
fn a_code_dies_of_wrong_answers_and_of_time_and_both_are_told() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    for n in 0..3 {
        let body = World::otp("spa", BOB, &unlike(&code, n));
        refused(world.json("/oauth/token", &body), 403, "invalid_grant", WRONG);
    }
    let right = World::otp("spa", BOB, &code);
    refused(world.json("/oauth/token", &right), 403, "invalid_grant", USED_UP);

    let code = world.code_for("spa", ADA);
    world.gate.pass(Duration::from_mins(6));
    let late = World::otp("spa", ADA, &code);
    let expired = "The verification code has expired. Please try to login again.";
    refused(world.json("/oauth/token", &late), 403, "invalid_grant", expired);

    world.gate.pass(Duration::from_mins(10));
    world.log_in("spa", BOB, "openid");
}

#[test]
fn a_code_works_for_the_client_that_asked_for_it_alone() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let stolen = World::otp("other", BOB, &code);
    refused(world.json("/oauth/token", &stolen), 403, "invalid_grant", WRONG);
    world.json("/oauth/token", &World::otp("spa", BOB, &code)).is(200);
}

#[test]
fn who_is_blocked_is_told_so_after_the_right_code() {
    let world = World::start();
    world.log_in("spa", BOB, "openid");
    world.block(BOB, true);
    world.gate.pass(Duration::from_mins(2));
    let code = world.code_for("spa", BOB);
    let wrong = World::otp("spa", BOB, &unlike(&code, 0));
    refused(world.json("/oauth/token", &wrong), 403, "invalid_grant", WRONG);
    let right = World::otp("spa", BOB, &code);
    refused(world.json("/oauth/token", &right), 401, "unauthorized", "user is blocked");
    world.block(BOB, false);
    world.gate.pass(Duration::from_mins(2));
    world.log_in("spa", BOB, "openid");
}

#[test]
fn a_client_gets_a_token_of_its_own_only_by_its_secret() {
    let world = World::start();
    let ask = |changes: Value| {
        let mut body = json!({
            "grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET,
            "audience": API,
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        world.json("/oauth/token", &body)
    };
    let given = read(&ask(json!({})).is(200));
    let token = claims(&given["access_token"]);
    assert_eq!(
        (&token["sub"], &token["gty"]),
        (&json!("web@clients"), &json!("client-credentials"))
    );
    assert_eq!((&token["aud"], &given["scope"]), (&json!(API), &json!("read:orders write:orders")));
    assert!(given.get("id_token").is_none() && given.get("refresh_token").is_none());
    world.userinfo(&given["access_token"]).is(401);
    let narrow = read(&ask(json!({"scope": "read:orders openid"})).is(200));
    assert_eq!(narrow["scope"], "read:orders", "a client has no login");
    let missing = "Missing required parameter: audience";
    refused(ask(json!({"audience": ""})), 400, "invalid_request", missing);
    refused(ask(json!({"audience": "x"})), 403, "access_denied", "Service not found: x");
    refused(ask(json!({"client_secret": "no"})), 401, "access_denied", "Unauthorized");
    refused(ask(json!({"client_secret": null})), 401, "access_denied", "Unauthorized");
    let spa = json!({"client_id": "spa", "client_secret": null});
    refused(ask(spa), 403, "unauthorized_client", "Grant type 'client_credentials' not allowed");
}
