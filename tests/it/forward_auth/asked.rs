//! The questions themselves, as proxies send them.
use super::proxies::ASKED;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};

/// The question about a request of this browser, with `lines` in place of those of the same name.
fn ask(gate: &Gate, path: &str, cookie: &str, lines: &[(&str, &str)]) -> Answer {
    let authority = format!("localhost:{}", gate.port);
    let mut head = format!("GET /.doorcode/check{path} HTTP/1.1\r\nHost: doorcode.internal\r\n");
    let usual = [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", authority.as_str()),
        ("X-Forwarded-Uri", "/orders"),
        ("Cookie", cookie),
    ];
    let replaced = |name: &str| lines.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let kept = usual.iter().filter(|(name, value)| !replaced(name) && !value.is_empty());
    for (name, value) in kept.chain(lines.iter().filter(|(_, value)| *value != "none")) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    gate.exchange(&format!("{head}\r\n"))
}

fn signed_in(gate: &Gate, phone: &str) -> String {
    let mut browser = gate.browser();
    browser.sign_in("/.doorcode/account", phone, &gate.texts).is(200);
    format!("a=b; doorcode={}", browser.session())
}

const NAME: &str = "X-Doorcode-Forward-Auth";
const NAVIGATION: (&str, &str) = ("Sec-Fetch-Mode", "navigate");

#[test]
fn each_mode_answers_in_its_own_form() {
    let gate = Gate::changed(&[ASKED]);
    let (bob, evil) = (signed_in(&gate, BOB), ("X-Forwarded-Uri", "/admin/x"));
    for (path, known, unknown, refused) in
        [("", 200, 401, 403), ("/forward-auth", 200, 303, 403), ("/answer", 303, 303, 403)]
    {
        let passed = ask(&gate, path, &bob, &[NAVIGATION]);
        assert_eq!(passed.status, known, "{path}: {passed}");
        let sent = ask(&gate, path, "", &[NAVIGATION]);
        assert_eq!(sent.status, unknown, "{path}: {sent}");
        let denied = ask(&gate, path, &bob, &[NAVIGATION, evil]);
        assert_eq!(denied.status, refused, "{path}: {denied}");
    }
    let passed = ask(&gate, "", &bob, &[]).is(200);
    assert_eq!(passed.header("x-forwarded-phone"), Some(BOB));
    assert_eq!(passed.header("cookie"), Some("a=b"), "without the session");
    assert_eq!(passed.header("cache-control"), Some("no-store"));
    assert!(passed.body.is_empty());
    let told = ask(&gate, "", "", &[NAVIGATION]);
    assert!(told.header("location").is_none() && told.body.is_empty(), "{told}");
}

#[test]
fn where_rules_only_report_every_question_is_answered_with_a_pass() {
    let report = ("name = \"Shop\"", "name = \"Shop\"\nmode = \"report\"");
    let gate = Gate::changed(&[ASKED, report]);
    let (bob, admin) = (signed_in(&gate, BOB), ("X-Forwarded-Uri", "/admin/x"));
    let nobody = ask(&gate, "/forward-auth", "", &[NAVIGATION]).is(200);
    assert_eq!(nobody.header("x-forwarded-phone"), Some(""), "nobody is nobody");
    let known = ask(&gate, "", &bob, &[admin]).is(200);
    assert_eq!(known.header("x-forwarded-phone"), Some(BOB));
    ask(&gate, "", &bob, &[("X-Forwarded-Method", "POST"), ("Origin", "https://evil.example")])
        .is(403);
    let reported = || gate.access_log().matches("\"decision\":\"reported\"").count();
    crate::support::gate::wait_for("access lines", || (reported() == 2).then_some(()));
}

#[test]
fn envoys_question_holds_the_request_itself() {
    let gate = Gate::changed(&[ASKED]);
    let bob = signed_in(&gate, BOB);
    let ask = |method: &str, target: &str, host: &str, lines: &str| {
        gate.exchange(&format!(
            "{method} /.doorcode/check/ext-authz{target} HTTP/1.1\r\nHost: {host}\r\n\
             X-Forwarded-Proto: http\r\nCookie: {bob}\r\n{lines}\r\n"
        ))
    };
    let here = format!("localhost:{}", gate.port);
    ask("GET", "/orders?a", &here, "").is(200);
    ask("DELETE", "/orders", &here, "").is(200);
    ask("GET", "/admin/x", &here, "").is(403);
    ask("GET", "/admin/x", &here, "X-Forwarded-Uri: /orders\r\nX-Forwarded-Method: GET\r\n")
        .is(403);
    ask("GET", "/public/..%2fadmin/x", &here, "").is(400);
    ask("GET", "/orders", "other.example", "").is(404);
}

#[test]
fn a_description_that_is_missing_doubled_or_odd_lets_nothing_pass() {
    let gate = Gate::changed(&[ASKED]);
    let ada = signed_in(&gate, ADA);
    ask(&gate, "/forward-auth", &ada, &[]).is(200);
    for (name, values) in [
        ("X-Forwarded-Method", &["none", "", "GET, GET", "FOO", "get", "CONNECT"][..]),
        ("X-Forwarded-Proto", &["none", "", "https", "ws", "http, http"]),
        ("X-Forwarded-Host", &["none", "", "other.example", "localhost", "a b", "localhost:1, x"]),
        (
            "X-Forwarded-Uri",
            &["none", "", "*", "orders", "http://localhost/orders", "/a b", "/a#b"],
        ),
    ] {
        for value in values {
            for path in ["", "/forward-auth", "/answer"] {
                let answer = ask(&gate, path, &ada, &[(name, value)]);
                let refused = matches!(answer.status, 400..=405);
                assert!(refused, "{path} {name}: {value}: {answer}");
            }
        }
        let usual = match name {
            "X-Forwarded-Method" => "GET",
            "X-Forwarded-Proto" => "http",
            "X-Forwarded-Uri" => "/orders",
            _ => &format!("localhost:{}", gate.port),
        };
        let twice = ask(&gate, "/forward-auth", &ada, &[(name, usual), (name, usual)]);
        assert_eq!(twice.status, 400, "{name}: {twice}");
    }
}

#[test]
fn only_who_is_listed_or_knows_the_secret_may_ask() {
    let off = Gate::start();
    let bob = signed_in(&off, BOB);
    ask(&off, "", &bob, &[]).is(404);
    let elsewhere = (
        "[admin]\n",
        "[forward_auth]\nfrom = [\"10.0.0.0/8\"]\nsecret = \"env:SECRET\"\n[admin]\n",
    );
    let gate = Gate::changed(&[elsewhere]);
    let bob = signed_in(&gate, BOB);
    let secret = crate::support::settings::SECRET;
    ask(&gate, "", &bob, &[]).is(403);
    ask(&gate, "", &bob, &[(NAME, "guess")]).is(403);
    ask(&gate, "", &bob, &[("X-Forwarded-For", "10.1.2.3")]).is(403);
    ask(&gate, "", &bob, &[(NAME, secret), (NAME, secret)]).is(403);
    ask(&gate, "", &bob, &[(NAME, secret)]).is(200);
}

#[test]
fn a_header_that_the_app_would_believe_is_refused() {
    let gate = Gate::changed(&[ASKED]);
    let ada = signed_in(&gate, ADA);
    for name in ["X-Forwarded-User", "X-Doorcode-Assertion", "Remote-User", "X_Forwarded_User"] {
        let answer = ask(&gate, "/forward-auth", &ada, &[(name, "spoofed")]);
        assert_eq!(answer.status, 400, "{name}: {answer}");
        ask(&gate, "", &ada, &[(name, "spoofed")]).is(403);
    }
}

#[test]
fn the_clients_address_is_the_one_that_the_proxy_tells() {
    let inside =
        ("allow = [\"role:admin\"]\n", "allow = [\"role:admin\"]\nfrom = [\"10.0.0.0/8\"]\n");
    let gate = Gate::changed(&[ASKED, inside]);
    let ada = signed_in(&gate, ADA);
    let admin = ("X-Forwarded-Uri", "/admin/x");
    ask(&gate, "", &ada, &[admin]).is(403);
    ask(&gate, "", &ada, &[admin, ("X-Forwarded-For", "10.1.2.3")]).is(200);
    ask(&gate, "", &ada, &[admin, ("X-Forwarded-For", "10.1.2.3, 203.0.113.9")]).is(403);
}

#[test]
fn a_preflight_that_is_answered_here_lets_nothing_pass() {
    let listed =
        ("name = \"Shop\"\n", "name = \"Shop\"\nallowed_origins = [\"https://app.example\"]\n");
    let gate = Gate::changed(&[ASKED, listed]);
    let preflight = [
        ("X-Forwarded-Method", "OPTIONS"),
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "PUT"),
    ];
    ask(&gate, "", "", &preflight).is(403);
    ask(&gate, "/forward-auth", "", &preflight).is(403);
    let answer = ask(&gate, "/answer", "", &preflight).is(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
}
