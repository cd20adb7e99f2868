//! Bodies and URLs as no SDK sends them.
use serde_json::json;

use super::world::{
    CALLBACK, OTP, PAGE, SECRET, VERIFIER, World, asks, encoded, read, refused, told,
};
use crate::support::gate::wait_for;
use crate::support::settings::BOB;

const POSTS: &[&str] = &[
    "/passwordless/start",
    "/passwordless/verify",
    "/co/authenticate",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/ro",
];
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn what_cannot_be_read_is_refused_with_what_is_wrong_and_does_nothing() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let twice = format!("grant_type={}&otp={code}&otp={code}", encoded(&[("x", OTP)]));
    let table: &[((&str, &str), &str, &str)] = &[
        (JSON, "{", "the body is not a JSON object"),
        (JSON, "[]", "the body is not a JSON object"),
        (JSON, "\"x\"", "the body is not a JSON object"),
        (JSON, "{\"otp\":\"\u{1}\"}", "the body is not a JSON object"),
        (JSON, "{\"otp\":[1]}", "otp must be a text"),
        (JSON, "{\"username\":{\"$ne\":null}}", "username must be a text"),
        (FORM, "{\"otp\":\"1\"}", "the body looks like JSON and is sent as a form"),
        (FORM, &twice, "the parameter otp is there more than once"),
        (JSON, "{\"otp\":\"1\",\"otp\":\"2\"}", "the parameter otp is there more than once"),
        (FORM, "client_id=spa&client_id=web", "the parameter client_id is there more than once"),
        (("Content-Type", "text/plain"), "{\"otp\":1}", "the body must be application/json"),
        (("Content-Type", "multipart/form-data; boundary=x"), "--x--", "the body must be"),
        (("X", "y"), "otp=1", "the body must be application/json"),
    ];
    for path in POSTS {
        for (kind, body, text) in table {
            let answer = world.ask("POST", path, &[*kind], body);
            refused(answer, 400, "invalid_request", text);
        }
        let deep = format!("{{\"a\":{}", "[".repeat(10_000));
        refused(world.ask("POST", path, &[JSON], &deep), 400, "invalid_request", "the body is not");
        assert_eq!(world.ask("POST", path, &[JSON], "").status / 100, 4);
        world.get(path, &[]).is(405);
    }
    assert_eq!(world.gate.texts.requests(), 1);
    world.json("/oauth/token", &World::otp("spa", BOB, &code)).is(200);
}

#[test]
fn a_megabyte_is_refused_before_it_is_read() {
    let world = World::start();
    let large = format!("{{\"client_id\":\"{}\"}}", "x".repeat(1024 * 1024));
    for path in POSTS {
        // Only the head: whoever waits to send the rest is told before.
        let answer = world.gate.exchange(&format!(
            "POST /.doorcode{path} HTTP/1.1\r\nHost: localhost:{}\r\nOrigin: {PAGE}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            world.gate.port,
            large.len()
        ));
        let kept = answer.header("access-control-allow-origin");
        assert_eq!(kept, Some(PAGE), "a script is told, and need not ask again: {answer}");
        refused(answer, 413, "invalid_request", "the body is too long");
    }
    assert_eq!(world.gate.texts.requests(), 0);
}

#[test]
fn strange_values_break_nothing() {
    let world = World::start();
    let long = "x".repeat(9000);
    for value in ["\u{0}", "\u{202e}", "'\"><script>", "${7*7}", "\r\nSet-Cookie: a=b", &long] {
        for path in POSTS {
            for name in ["client_id", "client_secret", "grant_type", "realm", "username", "otp"] {
                let mut body = World::otp("spa", BOB, "123456");
                body[name] = json!(value);
                let answer = world.json(path, &body);
                assert!((400..500).contains(&answer.status), "{path} {name}: {answer}");
                assert!(answer.all("set-cookie").is_empty());
                assert!(answer.body.len() < 1000, "it repeats at length: {answer}");
                read(&answer);
            }
        }
    }
    let mut browser = world.gate.browser();
    for name in ["state", "nonce", "login_hint", "ui_locales", "scope", "audience", "prompt"] {
        for value in ["\u{0}", "\r\nSet-Cookie: a=b", "'\"><script>", "%00%ff"] {
            let answer = browser.get(&asks(&[(name, value)]));
            assert!(matches!(answer.status, 200 | 303 | 400), "{name}: {answer}");
            assert!(!answer.text().contains("<script>'"), "{answer}");
            let cookies = answer.all("set-cookie").join("\n");
            assert!(!cookies.contains("a=b"), "{answer}");
        }
        let answer = browser.get(&asks(&[(name, &long)]));
        assert!((300..500).contains(&answer.status), "{name}: {answer}");
    }
}

/// RFC 6749 §2.3.1: never in the URL.
#[test]
fn a_secret_in_the_query_of_a_post_is_not_taken_and_no_log_holds_one() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let answer = browser.get(&asks(&[("scope", "openid offline_access")])).is(303);
    let code = told(answer.location(), "code").unwrap();
    let rest = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let path = format!("/oauth/token?{}", encoded(&[("code", &code)]));
    let missing = "Missing required parameter: code";
    refused(world.form(&path, &rest), 400, "invalid_request", missing);
    let whole: Vec<_> = rest.into_iter().chain([("code", code.as_str())]).collect();
    let given = read(&world.form("/oauth/token", &whole).is(200));

    let token = given["refresh_token"].as_str().unwrap();
    let path = format!("/oauth/token?{}", encoded(&[("refresh_token", token)]));
    let form = [("grant_type", "refresh_token"), ("client_id", "spa")];
    let missing = "Missing required parameter: refresh_token";
    refused(world.form(&path, &form), 400, "invalid_request", missing);

    let path = format!("/oauth/token?{}", encoded(&[("client_secret", SECRET)]));
    let form = [("grant_type", "client_credentials"), ("client_id", "web"), ("audience", "x")];
    refused(world.form(&path, &form), 401, "access_denied", "Unauthorized");

    browser.get("/.doorcode/passwordless/verify_redirect?verification_code=424242");
    browser.get("/.doorcode/authorize?login_ticket=ticket-in-the-query&state=the-last");
    wait_for("last line", || {
        (world.gate.access_log().matches("/.doorcode/authorize").count() >= 2).then_some(())
    });
    let log = world.gate.access_log();
    for secret in [code.as_str(), token, SECRET, "424242", "ticket-in-the-query", "?"] {
        assert!(!log.contains(secret), "`{secret}` is in {log}");
    }
}
