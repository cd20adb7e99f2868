//! What an app is told about its visitor, and what nobody else can tell it.
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::upstream::Seen;
use crate::support::words::word;

#[track_caller]
fn user_of(seen: &Seen) -> String {
    let user = seen.header("x-forwarded-user").expect("a user").to_owned();
    let hex = user.strip_prefix("sms|").unwrap_or_default();
    let lower = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    assert!(hex.len() == 24 && hex.bytes().all(lower), "{user}");
    user
}

#[test]
fn an_app_is_told_who_is_there_and_how_they_came() {
    let gate = Gate::start();
    let (mut ada, mut bob) = (gate.browser(), gate.browser());
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let seen = gate.app.last();
    let port = gate.port.to_string();
    let expected = [
        ("x-forwarded-phone", Some(ADA)),
        ("x-forwarded-preferred-username", Some(ADA)),
        ("x-forwarded-groups", Some("admin,staff")),
        ("x-forwarded-for", Some("127.0.0.1")),
        ("x-forwarded-proto", Some("http")),
        ("x-forwarded-host", Some(ada.authority.as_str())),
        ("x-forwarded-port", Some(port.as_str())),
        ("host", Some(ada.authority.as_str())),
        ("cookie", None),
    ];
    for (name, value) in expected {
        assert_eq!(seen.header(name), value, "{name} in {seen:?}");
    }
    let first = user_of(&seen);

    bob.sign_in("/", BOB, &gate.texts).is(200);
    let seen = gate.app.last();
    assert_eq!(seen.header("x-forwarded-groups"), None, "no roles, no header: {seen:?}");
    assert_eq!(seen.header("x-forwarded-phone"), Some(BOB));
    assert_ne!(user_of(&seen), first);

    gate.browser().sign_in("/", ADA, &gate.texts).is(200);
    assert_eq!(user_of(&gate.app.last()), first, "the same person at another browser");
}

#[test]
fn a_role_opens_its_pages_and_nobody_elses() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/admin/users", ADA, &gate.texts).is(200).says("the app: GET /admin/users");
    let mut bob = gate.browser();
    let denied = bob.sign_in("/admin/users", BOB, &gate.texts).is(403);
    denied.says(&word("denied_title")).never_says(BOB).says("456");
    assert_eq!(gate.app.count(), 1);
}

#[test]
fn public_pages_need_nobody_and_optional_ones_tell_who_is_there() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.get("/public/x").is(200);
    browser.get("/maybe/x").is(200);
    assert!(gate.app.seen().iter().all(|seen| seen.header("x-forwarded-user").is_none()));

    browser.sign_in("/", ADA, &gate.texts).is(200);
    browser.get("/maybe/x").is(200);
    user_of(&gate.app.last());
    browser.get("/public/x").is(200);
    let seen = gate.app.last();
    assert_eq!(seen.header("x-forwarded-user"), None, "nobody is looked for: {seen:?}");
    assert_eq!(seen.header("cookie"), None, "not even there: {seen:?}");
}

/// Every name that tells an app something which only the gate may tell, in many spellings.
const SPOOFED: [&str; 28] = [
    "X-Forwarded-User",
    "x-forwarded-user",
    "X_Forwarded_User",
    "X.Forwarded.User",
    "X-FORWARDED_user",
    "x-forwarded.USER",
    "X-Forwarded-Phone",
    "X_FORWARDED_PHONE",
    "X-Forwarded-Groups",
    "X-Forwarded_Groups",
    "X-Forwarded-Preferred-Username",
    "x_forwarded_preferred_username",
    "X-Forwarded-Email",
    "X-Forwarded-Proto",
    "X_Forwarded_Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-For",
    "X-Real-IP",
    "X_Real_Ip",
    "Forwarded",
    "X-Original-URL",
    "X-Rewrite-Url",
    "X_Doorcode_Assertion",
    "X-Forwarded",
    "X_Forwarded",
    "X-Request-Id",
    "X_Request.ID",
];

#[test]
fn what_a_visitor_says_about_themselves_never_reaches_the_app() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    for (browser, path) in [
        (&mut gate.browser(), "/public/x"),
        (&mut gate.browser(), "/maybe/x"),
        (&mut ada.clone(), "/public/x"),
        (&mut ada.clone(), "/maybe/x"),
        (&mut ada, "/orders"),
    ] {
        for name in SPOOFED {
            let twice = [(name, "spoofed-1"), (name, "spoofed-2"), ("X-Other", "kept")];
            browser.send("GET", path, &twice, None).is(200);
            let seen = gate.app.last();
            let told = seen.headers.iter().find(|(_, value)| value.contains("spoofed"));
            assert_eq!(told, None, "{name} at {path}: {seen:?}");
            assert_eq!(seen.header("x-other"), Some("kept"));
            assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"), "{name} at {path}");
        }
    }
}

#[test]
fn trailers_tell_the_app_nothing_about_its_visitor() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    for name in ["X-Forwarded-User", "x_forwarded_user", "X-Forwarded-Phone", "Cookie"] {
        gate.exchange(&format!(
            "POST /public/x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\
             Trailer: {name}\r\n\r\n3\r\nabc\r\n0\r\n{name}: doorcode=spoofed\r\n\r\n"
        ))
        .is(200);
        let seen = gate.app.last();
        assert_eq!(seen.body, b"abc");
        assert!(!format!("{seen:?}").contains("spoofed"), "{seen:?}");
    }
}

#[test]
fn no_connection_header_takes_the_identity_away() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    for options in ["x-forwarded-user", "close, X-Forwarded-User", "keep-alive, x-forwarded-phone"]
    {
        browser.send("GET", "/orders", &[("Connection", options)], None).is(200);
        let seen = gate.app.last();
        user_of(&seen);
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{options}");
        // A server behind would take out what its own hop's header names.
        let passed = seen.all("connection").join(",").to_ascii_lowercase();
        assert!(!passed.contains("x-forwarded"), "{options} became {passed}");
    }
}

#[test]
fn our_cookies_are_not_for_the_app_and_its_own_are() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    browser.keep_cookie("theme", "dark");
    browser.keep_cookie("doorcodes", "kept too");
    browser.keep_cookie("DoorCode-x", "taken");
    browser.keep_cookie("__host-doorcode", "taken");
    browser.get("/orders").is(200);
    assert_eq!(gate.app.last().all("cookie"), ["theme=dark; doorcodes=kept too"]);

    let session = format!("doorcode={}", browser.session());
    let lines = [("Cookie", "a=1"), ("Cookie", &session), ("Cookie", "b=2;  c=3")];
    browser.send("GET", "/orders", &lines, None).is(200);
    // In one header (RFC 9113 §8.2.3), parted as RFC 6265 §4.2.1 has it.
    assert_eq!(gate.app.last().all("cookie"), ["a=1; b=2; c=3"]);
}

#[test]
fn an_app_sets_its_own_cookies_and_none_of_ours() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    let session = browser.session();
    gate.app.adds(
        "/orders",
        &[
            "Set-Cookie: theme=light; Path=/",
            "Set-Cookie: doorcode=evil; Path=/",
            "Set-Cookie:  Doorcode = evil",
            "Set-Cookie: __HOST-doorcode-browser=evil; Secure; Path=/",
            "Set-Cookie: doorcode-browser=evil",
            "Set-Cookie: doorcode",
            "Set-Cookie: =doorcode=evil",
            "Set-Cookie: = doorcode-browser=evil",
            "Set-Cookie: other=1",
        ],
    );
    let answer = browser.get("/orders").is(200);
    assert_eq!(answer.all("set-cookie"), ["theme=light; Path=/", "other=1"], "{answer}");
    assert_eq!(browser.session(), session);
}

#[test]
fn answers_behind_a_login_stay_out_of_shared_caches() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    for (said, told) in [
        ("X-Nothing: 1", "private"),
        ("Cache-Control: public, max-age=60", "private, max-age=60"),
        ("Cache-Control: s-maxage=60", "private"),
        ("Cache-Control: no-store", "no-store"),
    ] {
        gate.app.adds("/orders", &[said]);
        let answer = browser.get("/orders").is(200);
        assert_eq!(answer.header("cache-control"), Some(told), "{said}");
    }
    // Caches of other kinds obey headers of their own before that one (RFC 9213).
    let shared = ["CDN-Cache-Control: public", "Surrogate-Control: max-age=99"];
    gate.app.adds("/orders", &shared);
    let answer = browser.get("/orders").is(200);
    assert_eq!(answer.all("cdn-cache-control"), Vec::<&str>::new(), "{answer}");
    assert_eq!(answer.all("surrogate-control"), Vec::<&str>::new(), "{answer}");
    gate.app.adds("/public/x", &["Cache-Control: public, max-age=60"]);
    let answer = browser.get("/public/x").is(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
}

#[test]
fn only_a_trusted_proxy_is_believed_about_addresses() {
    let chain = [("X-Forwarded-For", "198.51.100.7, 203.0.113.9"), ("X-Forwarded-Proto", "https")];
    let gate = Gate::start();
    gate.browser().send("GET", "/public/x", &chain, None).is(200);
    let seen = gate.app.last();
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));

    let trusting = [("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n")];
    let gate = Gate::changed(&trusting);
    gate.browser().send("GET", "/public/x", &chain, None).is(200);
    let seen = gate.app.last();
    assert_eq!(seen.header("x-forwarded-for"), Some("203.0.113.9"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"), "from the settings, not the proxy");
}
