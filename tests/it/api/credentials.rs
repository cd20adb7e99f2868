//! What clients show and name: headers, secrets, tokens, resources.
use std::time::Duration;

use serde_json::json;

use super::world::{
    API, CALLBACK, SECRET, VERIFIER, World, asks, basic, claims, read, refused, told,
};
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};

/// A request, the answer to what is wrong in it, and how often that is given.
type Ask<'a> = (&'a dyn Fn(&str) -> Answer, u16, usize);

#[test]
fn two_authorization_headers_are_refused_everywhere() {
    let world = World::start();
    let given = world.log_in("web", BOB, "openid offline_access");
    let (right, wrong) = (basic("web", SECRET), basic("web", "wrong"));
    let token = given["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let form = [("token", token), ("grant_type", "client_credentials"), ("audience", API)];
    for (first, second) in [(&right, &right), (&right, &wrong), (&wrong, &right), (&bearer, &right)]
    {
        let lines = [("Authorization", first.as_str()), ("authorization", second.as_str())];
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/passwordless/start"] {
            let text = "there are two Authorization headers";
            refused(world.form_with(path, &lines, &form), 400, "invalid_request", text);
        }
        world.get("/userinfo", &lines).is(401);
        for path in ["/.well-known/jwks.json", "/login", "/authorize", "/account"] {
            world.get(path, &lines).is(400);
        }
        let lines = format!("Authorization: {first}\r\nAuthorization: {second}\r\n");
        for path in ["/", "/orders", "/public/x", "/maybe/x"] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n", world.gate.port);
            world.gate.exchange(&format!("{head}{lines}\r\n")).is(401);
        }
    }
    assert_eq!(world.gate.app.count(), 0);
    world.userinfo(&given["access_token"]).is(200);
}

#[test]
fn wrong_secrets_refresh_tokens_and_codes_have_limits_of_their_own() {
    let world = World::start();
    let given = world.log_in("spa", BOB, "openid offline_access");
    let of_web = |secret: &str| {
        let form = [("grant_type", "client_credentials"), ("audience", API), ("client_id", "web")];
        let form: Vec<_> = form.into_iter().chain([("client_secret", secret)]).collect();
        world.form("/oauth/token", &form)
    };
    let refresh = |token: &str| world.refresh(&json!(token));
    let redeem = |code: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        world.form("/oauth/token", &form)
    };
    let wrong = "w".repeat(40);
    let asks: [Ask<'_>; 3] = [(&of_web, 401, 20), (&refresh, 403, 60), (&redeem, 403, 30)];
    for (ask, status, most) in asks {
        for _ in 0..most {
            ask(&wrong).is(status);
        }
        for _ in most..120 {
            let answer = ask(&wrong);
            refused(answer.clone(), 429, "too_many_requests", "Too many requests");
            assert!(answer.header("retry-after").is_some(), "{answer}");
        }
    }
    // Which secret is right is not told any more, to nobody at that address.
    of_web(SECRET).is(429);
    // Nobody guesses a token or a code, and a visitor can make an application present wrong ones.
    let given = read(&world.refresh(&given["refresh_token"]).is(200));
    let mut browser = world.signed_in(BOB);
    super::codes::tokens(&world, &mut browser);
    // The limits of one client are not those of another, nor of people.
    world.userinfo(&given["access_token"]).is(200);
    let form = [("grant_type", "refresh_token"), ("client_id", "other"), ("refresh_token", "x")];
    world.form("/oauth/token", &form).is(403);
    world.gate.pass(Duration::from_mins(10));
    of_web(SECRET).is(200);
    world.refresh(&given["refresh_token"]).is(200);
    world.log_in("web", ADA, "openid");
}

#[test]
fn a_secret_of_a_name_that_nobody_has_is_counted_too() {
    let world = World::start();
    let ask = |n: usize| {
        let (id, secret) = (format!("nobody-{n}"), "w".repeat(40));
        world.form("/oauth/revoke", &[("client_id", &id), ("client_secret", &secret)])
    };
    for n in 0..20 {
        ask(n).is(401);
    }
    ask(20).is(429);
    world.log_in("web", BOB, "openid");
}

#[test]
fn a_resource_is_an_audience_by_its_standard_name() {
    let world = World::start();
    let userinfo = format!("{}userinfo", world.issuer());
    let code = world.code_for("spa", BOB);
    let ask = |changes: &[(&str, &str)]| {
        let mut body = World::otp("spa", BOB, &code);
        body["scope"] = json!("openid offline_access");
        for (name, value) in changes {
            body[*name] = json!(value);
        }
        world.json("/oauth/token", &body)
    };
    for (changes, named) in [
        (&[("resource", "https://x")][..], "https://x"),
        (&[("resource", "https://x"), ("audience", API)], "https://x"),
        (&[("resource", API), ("audience", &userinfo)], API),
    ] {
        let text = format!("Unknown resource: {named}");
        refused(ask(changes), 400, "invalid_target", &text);
    }
    let given = read(&ask(&[("resource", API)]).is(200));
    assert_eq!(claims(&given["access_token"])["aud"], json!([API, userinfo]));
    let refresh = |resource: &str| {
        let body = json!({
            "grant_type": "refresh_token", "client_id": "spa", "resource": resource,
            "refresh_token": given["refresh_token"],
        });
        world.json("/oauth/token", &body)
    };
    refused(refresh("https://x"), 400, "invalid_target", "Unknown resource: https://x");
    refresh(API).is(200);

    let own = |resource: &str| {
        let body = json!({
            "grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET,
            "resource": resource,
        });
        world.json("/oauth/token", &body)
    };
    assert_eq!(claims(&read(&own(API).is(200))["access_token"])["aud"], API);
    refused(own("https://x"), 400, "invalid_target", "Unknown resource: https://x");
    refused(own(&userinfo), 400, "invalid_target", "Unknown resource");

    let mut browser = world.signed_in(BOB);
    let answer = browser.get(&asks(&[("resource", "https://x")])).is(303);
    assert_eq!(told(answer.location(), "error").as_deref(), Some("invalid_target"));
    let code = told(browser.get(&asks(&[("resource", API)])).location(), "code").expect("a code");
    let redeem = |resource: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("resource", resource),
        ];
        world.form("/oauth/token", &form)
    };
    let given = read(&redeem(API).is(200));
    assert_eq!(claims(&given["access_token"])["aud"], json!([API, userinfo]));
}
