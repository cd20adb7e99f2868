//! Whose scripts may read what.
use serde_json::{Value, json};

use super::world::{PAGE, SECRET, World, asks, basic};
use crate::support::http::Answer;
use crate::support::settings::BOB;

const ELSEWHERE: &str = "https://evil.example";
/// Every endpoint that a page of a client asks, with its method.
const ENDPOINTS: &[(&str, &str)] = &[
    ("POST", "/passwordless/start"),
    ("POST", "/passwordless/verify"),
    ("POST", "/co/authenticate"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
    ("POST", "/oauth/ro"),
    ("GET", "/userinfo"),
    ("GET", "/user/ssodata"),
    ("GET", "/user/geoloc/country"),
];
/// The two that are asked with cookies.
const WITH_COOKIES: &[&str] = &["/co/authenticate", "/user/ssodata"];

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[track_caller]
fn varies(answer: &Answer) {
    let varies = answer.all("vary").join(", ").to_lowercase();
    assert!(varies.contains("origin"), "{answer}");
}

#[test]
fn a_preflight_is_answered_for_pages_of_any_client_and_for_no_other() {
    let world = World::start();
    for (method, path) in ENDPOINTS {
        let ask = |origin| {
            let headers = "auth0-client,content-type,authorization,x-request-language";
            let lines = [
                ("Origin", origin),
                ("Access-Control-Request-Method", *method),
                ("Access-Control-Request-Headers", headers),
            ];
            world.ask("OPTIONS", path, &lines, "").is(204)
        };
        for origin in [PAGE, "https://elsewhere.example.com", "https://other.example.com"] {
            let answer = ask(origin);
            varies(&answer);
            assert_eq!(allowed(&answer), Some(origin), "{path}");
            let headers = answer.header("access-control-allow-headers").unwrap();
            for name in ["auth0-client", "content-type", "authorization", "x-request-language"] {
                assert!(headers.contains(name), "{path}: {headers}");
            }
            assert!(answer.header("access-control-allow-methods").unwrap().contains(method));
            assert!(answer.header("access-control-max-age").is_some());
            let credentials = answer.header("access-control-allow-credentials");
            assert_eq!(credentials, WITH_COOKIES.contains(path).then_some("true"), "{path}");
        }
        for origin in [
            ELSEWHERE,
            "null",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.example",
            "https://evilapp.example.com",
            // As no browser writes it.
            "https://APP.example.com",
            "HTTPS://app.example.com",
            "https://app.example.com:443",
            "https://app.example.com/",
            "https://app.example.com.",
            "https://user@app.example.com",
        ] {
            let answer = ask(origin);
            varies(&answer);
            let cors = answer.headers.iter().find(|(n, _)| n.starts_with("access-control"));
            assert_eq!(cors, None, "{path} for {origin}");
        }
    }
}

#[test]
fn an_answer_is_for_pages_of_its_own_client_whatever_it_says() {
    let world = World::start();
    for (method, path) in ENDPOINTS.iter().filter(|(method, _)| *method == "POST") {
        for (client, origin, may) in [
            ("spa", PAGE, true),
            ("spa", "https://elsewhere.example.com", true),
            ("spa", "https://other.example.com", false),
            ("spa", ELSEWHERE, false),
            ("spa", "null", false),
            ("other", "https://other.example.com", true),
            ("other", PAGE, false),
            ("nobody", PAGE, true),
            ("nobody", ELSEWHERE, false),
        ] {
            let lines = [("Origin", origin), ("Content-Type", "application/json")];
            let body = json!({ "client_id": client }).to_string();
            let answer = world.ask(method, path, &lines, &body);
            varies(&answer);
            assert_eq!(allowed(&answer), may.then_some(origin), "{path} {client}: {answer}");
            let credentials = (may && WITH_COOKIES.contains(path)).then_some("true");
            assert_eq!(answer.header("access-control-allow-credentials"), credentials);
        }
        let lines = [("Origin", PAGE), ("Content-Type", "application/json")];
        let answer = world.ask(method, path, &lines, "{").is(400);
        assert_eq!(allowed(&answer), Some(PAGE), "not even JSON: {answer}");
    }
}

#[test]
fn what_a_bearer_token_opens_is_for_pages_of_its_client() {
    let world = World::start();
    let given = world.log_in("spa", BOB, "openid");
    let token = format!("Bearer {}", given["access_token"].as_str().unwrap());
    let ask = |origin, token: &str| {
        world.get("/userinfo", &[("Origin", origin), ("Authorization", token)])
    };
    assert_eq!(allowed(&ask(PAGE, &token).is(200)), Some(PAGE));
    assert_eq!(allowed(&ask("https://other.example.com", &token).is(200)), None);
    let refused = ask(PAGE, "Bearer x").is(401);
    assert_eq!(allowed(&refused), Some(PAGE));
    let exposed = refused.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("www-authenticate"), "{refused}");
    assert_eq!(allowed(&ask(ELSEWHERE, "Bearer x").is(401)), None);
}

#[test]
fn a_client_that_shows_its_secret_by_header_is_known_by_it() {
    let world = World::start();
    let auth = basic("web", SECRET);
    let lines = [("Origin", "https://web.example.com"), ("Authorization", auth.as_str())];
    let answer = world.form_with("/oauth/token", &lines, &[("grant_type", "x")]).is(403);
    assert_eq!(allowed(&answer), Some("https://web.example.com"));
    let lines = [("Origin", PAGE), ("Authorization", auth.as_str())];
    assert_eq!(allowed(&world.form_with("/oauth/token", &lines, &[("grant_type", "x")])), None);
}

#[test]
fn what_is_public_is_for_the_pages_of_clients_and_a_login_page_for_none() {
    let world = World::start();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
    ] {
        assert_eq!(allowed(&world.get(path, &[("Origin", ELSEWHERE)]).is(200)), None, "{path}");
        let answer = world.get(path, &[("Origin", PAGE)]).is(200);
        assert_eq!(allowed(&answer), Some(PAGE), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("cache-control").unwrap().contains("max-age"), "{answer}");
    }
    let authorize = asks(&[]);
    let authorize = authorize.strip_prefix("/.doorcode").unwrap();
    for path in [authorize, "/login", "/v2/logout", "/me"] {
        assert_eq!(allowed(&world.get(path, &[("Origin", PAGE)])), None, "{path}");
    }
}

#[test]
fn a_wildcard_of_a_client_is_for_names_one_label_below_it() {
    let world = World::changed(&[(
        "web_origins = [\"https://app.example.com\"]",
        "web_origins = [\"https://app.example.com\"]\norigins = [\"https://*.pages.example\"]",
    )]);
    for (origin, may) in [
        ("https://a.pages.example", true),
        ("https://a.b.pages.example", false),
        ("https://pages.example", false),
        ("http://a.pages.example", false),
        ("https://evilpages.example", false),
    ] {
        let lines = [("Origin", origin)];
        let answer = world.json_with("/oauth/token", &lines, &json!({"client_id": "spa"}));
        assert_eq!(allowed(&answer), may.then_some(origin), "{origin}");
        let _: Value = super::world::read(&answer);
    }
}
