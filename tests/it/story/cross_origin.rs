//! Scripts on pages of other origins: those that the operator listed, and the rest.
use crate::support::browser::{Browser, Line, WEBSOCKET};
use crate::support::gate::Gate;
use crate::support::http::{Answer, Wire};
use crate::support::settings::{ADA, BOB};

const SPA: &str = "https://spa.example.com";
const BELOW: &str = "https://one.apps.example.com";
const STRANGERS: [&str; 6] = [
    "https://evil.example",
    "null",
    "https://apps.example.com",
    "https://a.one.apps.example.com",
    "http://spa.example.com",
    "https://spa.example.com:8443",
];
const LISTED: (&str, &str) = (
    "name = \"Shop\"\n",
    "name = \"Shop\"\nallowed_origins = [\"https://spa.example.com\", \"https://*.apps.example.com\"]\n",
);
const FORMS: (&str, &str) = (
    "path = \"/public/*\"",
    "path = \"/forms/*\"\nmethods = [\"GET\", \"OPTIONS\"]\nallow = [\"public\"]\n\
     [[site.rule]]\npath = \"/public/*\"",
);

/// As a browser asks for a script.
fn script<'a>(origin: &'a str, more: &[Line<'a>]) -> Vec<Line<'a>> {
    let own = [("Origin", origin), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")];
    own.iter().chain([&("Accept", "application/json")]).chain(more).copied().collect()
}

fn preflight(gate: &Gate, path: &str, origin: &str, method: &str) -> Answer {
    let more = [
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type,x-csrf"),
    ];
    gate.browser().send("OPTIONS", path, &script(origin, &more), None)
}

#[track_caller]
fn assert_shared(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer}");
    assert!(answer.all("vary").contains(&"Origin"), "{answer}");
}

#[track_caller]
fn assert_not_shared(answer: &Answer) {
    for name in ["origin", "credentials", "methods", "headers"] {
        let name = format!("access-control-allow-{name}");
        assert_eq!(answer.header(&name), None, "{answer}");
    }
}

#[test]
fn a_preflight_to_what_needs_a_login_is_answered_at_the_gate() {
    let (gate, plain) = (Gate::changed(&[LISTED, FORMS]), Gate::changed(&[FORMS]));
    for (path, method) in
        [("/orders", "PUT"), ("/admin/x", "GET"), ("/forms/x", "POST"), ("/forms/x", "b ad")]
    {
        for origin in [SPA, BELOW] {
            let answer = preflight(&gate, path, origin, method).is(204);
            assert_shared(&answer, origin);
            assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,x-csrf"));
            let methods = answer.header("access-control-allow-methods").unwrap_or_default();
            assert!(methods.contains("PUT") && !methods.contains('*'), "{answer}");
            assert!(answer.header("access-control-max-age").is_some(), "{answer}");
            assert_not_shared(&preflight(&plain, path, origin, method).is(403));
        }
        for origin in STRANGERS {
            assert_not_shared(&preflight(&gate, path, origin, method).is(403));
        }
    }
    assert_eq!((gate.app.count(), plain.app.count()), (0, 0), "no preflight reached an app");
    let odd = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "a:b")];
    let answer = gate.browser().send("OPTIONS", "/orders", &script(SPA, &odd), None).is(204);
    assert_eq!(answer.header("access-control-allow-headers"), None, "{answer}");
    // A session changes nothing: browsers send none.
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let before = gate.app.count();
    let asks = [("Access-Control-Request-Method", "PUT")];
    ada.send("OPTIONS", "/orders", &script(STRANGERS[0], &asks), None).is(403);
    assert_eq!(gate.app.count(), before);
}

#[test]
fn a_preflight_to_what_is_open_to_everybody_is_the_apps_own() {
    let gate = Gate::changed(&[LISTED, FORMS]);
    let own = ["Access-Control-Allow-Origin: *"];
    for (path, method) in [("/public/x", "PUT"), ("/maybe/x", "POST"), ("/forms/x", "GET")] {
        gate.app.adds(path, &own);
        for origin in [SPA, "https://evil.example"] {
            let before = gate.app.count();
            let answer = preflight(&gate, path, origin, method).is(200);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer}");
            assert_eq!(gate.app.count(), before + 1, "{path}");
            assert_eq!(gate.app.last().header("access-control-request-method"), Some(method));
        }
    }
    // Without the question it is a request like any other.
    gate.browser().send("OPTIONS", "/orders", &script(SPA, &[]), None).is(401);
}

#[test]
fn scripts_of_listed_origins_may_read_every_answer_of_ours() {
    let gate = Gate::changed(&[LISTED]);
    let mut bob = gate.browser();
    assert_shared(&bob.send("GET", "/orders", &script(SPA, &[]), None).is(401), SPA);
    bob.sign_in("/", BOB, &gate.texts).is(200);
    assert_shared(&bob.send("GET", "/admin/x", &script(BELOW, &[]), None).is(403), BELOW);
    gate.app.dies_at("/orders/dies");
    assert_shared(&bob.send("GET", "/orders/dies", &script(SPA, &[]), None).is(502), SPA);
    for origin in STRANGERS {
        assert_not_shared(&gate.browser().send("GET", "/orders", &script(origin, &[]), None));
        assert_not_shared(&bob.send("GET", "/admin/x", &script(origin, &[]), None).is(403));
    }
    // A shared cache must not give one origin's answer to another, nor to nobody.
    let answer = bob.send("GET", "/admin/x", &[("Sec-Fetch-Mode", "cors")], None).is(403);
    assert!(answer.all("vary").contains(&"Origin"), "{answer}");
}

#[test]
fn scripts_of_listed_origins_use_what_needs_a_login_and_no_others_do() {
    let gate = Gate::changed(&[LISTED]);
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    gate.app.adds("/orders", &["Access-Control-Allow-Origin: *", "Vary: Accept"]);
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let form = (method != "GET").then_some(&[("a", "b")][..]);
        for origin in [SPA, BELOW] {
            let answer = ada.send(method, "/orders", &script(origin, &[]), form).is(200);
            assert_shared(&answer, origin);
            assert!(answer.all("vary").contains(&"Accept"), "{answer}");
            assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(ADA));
        }
        for origin in STRANGERS {
            let before = gate.app.count();
            let answer = ada.send(method, "/orders", &script(origin, &[]), form);
            assert_not_shared(&answer);
            let (status, passed) = if method == "GET" { (200, 1) } else { (403, 0) };
            assert_eq!(answer.status, status, "{origin}: {answer}");
            assert_eq!(gate.app.count() - before, passed, "{method} from {origin}");
        }
    }
    gate.app.adds("/public/x", &["Access-Control-Allow-Origin: https://evil.example"]);
    let answer = ada.send("GET", "/public/x", &script("https://evil.example", &[]), None).is(200);
    let told = answer.header("access-control-allow-origin");
    assert_eq!(told, Some("https://evil.example"), "what is public is the app's to share");
}

#[test]
fn without_a_list_an_app_says_itself_who_may_read() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    gate.app.adds("/orders", &["Access-Control-Allow-Origin: https://partner.example"]);
    let answer = ada.send("GET", "/orders", &script("https://partner.example", &[]), None).is(200);
    let told = answer.header("access-control-allow-origin");
    assert_eq!(told, Some("https://partner.example"));
    assert_eq!(answer.all("vary"), Vec::<&str>::new());
}

/// Asks for a websocket and gives the status of the answer.
fn websocket(gate: &Gate, browser: &Browser, origin: &str) -> u16 {
    let lines = [&WEBSOCKET[..], &[("Origin", origin)]].concat();
    let mut wire = Wire::to(gate.port);
    wire.send(&browser.request("GET", "/socket", &lines, None)).unwrap();
    wire.answer(false).unwrap().status
}

#[test]
fn websockets_open_for_listed_origins_only() {
    let gate = Gate::changed(&[LISTED]);
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let own = ada.origin();
    for origin in [own.as_str(), SPA, BELOW] {
        assert_eq!(websocket(&gate, &ada, origin), 101, "{origin}");
    }
    let before = gate.app.count();
    for origin in STRANGERS.into_iter().chain([""]) {
        assert_eq!(websocket(&gate, &ada, origin), 403, "{origin}");
    }
    assert_eq!(gate.app.count(), before);
}

#[test]
fn our_own_pages_are_for_no_other_origin_listed_or_not() {
    let gate = Gate::changed(&[LISTED]);
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    assert_not_shared(&ada.send("GET", "/.doorcode/me", &script(SPA, &[]), None).is(200));
    ada.send("POST", "/.doorcode/sign-out", &script(SPA, &[]), Some(&[])).is(403);
    ada.get("/orders").is(200);
}
