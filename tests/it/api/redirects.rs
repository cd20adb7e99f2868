//! Where `/authorize` never leads, and which requests it refuses in the client's own words.
use super::world::{CALLBACK, CHALLENGE, Pairs, VERIFIER, World, asks, told};
use crate::support::settings::BOB;

#[test]
fn no_other_spelling_of_a_callback_is_led_to() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    for uri in [
        "https://app.example.com/callback/",
        "https://app.example.com/callback/evil",
        "https://app.example.com/callback.evil",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#x",
        "https://app.example.com/other",
        "https://app.example.com/other?x=2",
        "https://app.example.com/other?x=1&y",
        "https://app.example.com:443/callback",
        "https://app.example.com:8443/callback",
        "http://app.example.com/callback",
        "HTTPS://app.example.com/callback",
        "https://APP.example.com/callback",
        "https://app.example.com/Callback",
        "https://app.example.com/%63allback",
        "https://app.example.com//callback",
        "https://app.example.com/x/../callback",
        "https://app.example.com@evil.example/callback",
        "https://evil.example\\@app.example.com/callback",
        "https://user@app.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "https://evil.app.example.com/callback",
        "//app.example.com/callback",
        "/callback",
        "javascript:alert(1)//https://app.example.com/callback",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "https://app.example.com/callback\r\nx: y",
        "https://other.example.com/callback",
    ] {
        for more in [&[][..], &[("prompt", "none")], &[("response_mode", "web_message")]] {
            let changes: Vec<_> = [("redirect_uri", uri)].iter().chain(more).copied().collect();
            let answer = browser.get(&asks(&changes)).is(400);
            assert!(answer.all("location").is_empty(), "{uri}: {answer}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors 'none'"), "{uri}");
            let answer = answer.says("redirect_uri is none of the client");
            answer.never_says("evil").never_says("postMessage");
        }
    }
}

#[test]
fn what_names_no_client_is_told_to_the_person() {
    let world = World::start();
    let mut browser = world.gate.browser();
    for (changes, said) in [
        (&[("client_id", "")][..], "client_id is missing"),
        (&[("client_id", "nobody")], "there is no such client_id"),
        (&[("redirect_uri", "")], "redirect_uri is missing"),
        (&[("state", "a"), ("state", "b")], "a parameter is there more than once"),
    ] {
        let answer = browser.get(&asks(changes)).is(400).says(said);
        assert!(answer.all("location").is_empty(), "{answer}");
    }
}

const TWICE: [(&str, &str); 2] = [("scope", "openid"), ("scope", "openid phone")];
const RESOURCES: [(&str, &str); 2] = [("resource", "https://a"), ("resource", "https://b")];

/// What is wrong, and what the client is told by the way it asked for.
#[test]
fn what_a_client_asks_wrongly_it_is_told_with_its_state() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let plain = [("code_challenge", CHALLENGE), ("code_challenge_method", "plain")];
    let table: &[(Pairs<'_>, &str, &str)] = &[
        (&[("response_type", "")], "invalid_request", "response_type is missing"),
        (&[("response_type", "code token")], "unsupported_response_type", "response_type"),
        (&[("response_mode", "jwt")], "invalid_request", "response_mode is unknown"),
        (&[("code_challenge", "")], "invalid_request", "code_challenge is missing"),
        (&plain, "invalid_request", "code_challenge_method must be S256"),
        (&[("code_challenge_method", "")], "invalid_request", "code_challenge_method must be S256"),
        (&[("code_challenge", "short")], "invalid_request", "code_challenge is not"),
        (&[("prompt", "none login")], "invalid_request", "prompt=none stands alone"),
        (&[("connection", "email")], "invalid_request", "the connection was not found"),
        (&[("max_age", "soon")], "invalid_request", "max_age is not a number"),
        (&[("max_age", "-1")], "invalid_request", "max_age is not a number"),
        (&[("audience", "x")], "access_denied", "Service not found: x"),
        (&[("audience", "a\"b\\\u{fc}")], "access_denied", "Service not found: a?b??"),
        (&TWICE, "invalid_request", "a parameter is there more than once"),
        (&RESOURCES, "invalid_target", "a parameter is there more than once"),
        (&[("scope", "a\\b")], "invalid_scope", "scope has a character"),
        (&[("request", "eyJ")], "request_not_supported", "every parameter"),
        (&[("request_uri", "https://x")], "request_uri_not_supported", "every parameter"),
        (&[("login_ticket", "x")], "access_denied", "Unknown or invalid login ticket."),
        (&[("response_type", "id_token"), ("nonce", "")], "invalid_request", "nonce is missing"),
        (
            &[("response_type", "token"), ("response_mode", "query")],
            "invalid_request",
            "tokens are not sent in a query",
        ),
    ];
    for (changes, error, text) in table {
        let answer = browser.get(&asks(changes)).is(303);
        let location = answer.location();
        assert!(location.starts_with(CALLBACK), "{location}");
        assert_eq!(told(location, "error").as_deref(), Some(*error), "{location}");
        assert!(told(location, "error_description").unwrap().starts_with(text), "{location}");
        assert_eq!(told(location, "state").as_deref(), Some("~.-a+/b=&c"), "{location}");
        assert!(told(location, "code").is_none() && told(location, "access_token").is_none());
    }
}

#[test]
fn a_client_gets_tokens_from_here_only_by_grant() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let other = [
        ("client_id", "other"),
        ("redirect_uri", "https://other.example.com/callback"),
        ("response_type", "token id_token"),
    ];
    let answer = browser.get(&asks(&other)).is(303);
    let location = answer.location();
    assert!(location.starts_with("https://other.example.com/callback#"), "{location}");
    assert_eq!(told(location, "error").as_deref(), Some("unauthorized_client"));
    assert!(!location.contains("token="), "{location}");
}

/// Close to a loopback callback with another port, and none.
const NOT_ITS_OWN: &[&str] = &[
    "http://127.0.0.1:49152/cb/",
    "http://127.0.0.1:49152/cb?x",
    "http://127.0.0.1:49152/CB",
    "http://127.0.0.1:49152/cb#x",
    "http://127.0.0.1:49152",
    "http://127.0.0.1:65536/cb",
    "http://127.0.0.1:/cb",
    "http://127.0.0.1:049152/cb",
    "http://127.0.0.2:49152/cb",
    "http://127.1:49152/cb",
    "http://0.0.0.0:49152/cb",
    "http://127.0.0.1.evil.example:49152/cb",
    "http://127.0.0.1@evil.example:49152/cb",
    "http://user@127.0.0.1:49152/cb",
    "http://127.0.0.1:49152@evil.example/cb",
    "http://127.0.0.1:49152\\@evil.example/cb",
    "http://[::1]:50000/cb",
    "http://localhost:1/cb?x=1",
    "http://LOCALHOST:1/cb",
    "http://app.localhost:1/cb",
    "https://localhost:1/cb",
    "https://127.0.0.1:2/cb",
    "https://app.example.com:8443/callback",
    "http://app.example.com/callback",
];

/// RFC 8252 §7.3, RFC 9700 §2.1: a native app listens on whichever port is free.
#[test]
fn a_native_app_may_listen_on_any_port_of_its_machine() {
    const OWN: &[&str] =
        &["http://127.0.0.1/cb", "http://[::1]:1/cb?x=1", "http://localhost:3000/cb"];
    let list = |uris: &[&str]| format!("callbacks = {uris:?}");
    let spa = "callbacks = [\"https://app.example.com/callback\", \"https://app.example.com/other?x=1\", \"https://elsewhere.example.com/callback\"]";
    let web = "callbacks = [\"https://web.example.com/cb\"]";
    let secure = ["https://127.0.0.1:1/cb", "https://app.example.com/callback"];
    let all: Vec<_> = OWN.iter().chain(&secure).copied().collect();
    let world = World::changed(&[(spa, &list(&all)), (web, &list(OWN))]);
    let mut browser = world.signed_in(BOB);
    for uri in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:49152/cb",
        "http://127.0.0.1:65535/cb",
        "http://127.0.0.1:80/cb",
        "http://[::1]:80/cb?x=1",
        "http://[::1]:50000/cb?x=1",
        "http://[::1]/cb?x=1",
        "http://localhost:1/cb",
    ] {
        let answer = browser.get(&asks(&[("redirect_uri", uri)])).is(303);
        assert!(answer.location().starts_with(uri), "{uri}: {answer}");
        let code = told(answer.location(), "code").expect("a code");
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", &code),
            ("redirect_uri", uri),
            ("code_verifier", VERIFIER),
        ];
        world.form("/oauth/token", &form).is(200);
    }
    for uri in NOT_ITS_OWN {
        let answer = browser.get(&asks(&[("redirect_uri", uri)])).is(400);
        assert!(answer.all("location").is_empty(), "{uri}: {answer}");
    }
    // A server has one address.
    let other = [("client_id", "web"), ("redirect_uri", "http://127.0.0.1:49152/cb")];
    browser.get(&asks(&other)).is(400);
    browser.get(&asks(&[other[0], ("redirect_uri", OWN[0])])).is(303);
}
