//! Paths that are written so that the gate and an app might read them differently.
use crate::support::browser::Browser;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};

/// Ways to write a page below `/admin` that some server understands.
const ADMIN: [&str; 45] = [
    "/admin",
    "/admin/",
    "/admin?x=/public/x",
    "/admin/x",
    "/admin//x",
    "//admin/x",
    "///admin/x",
    "/%61dmin/x",
    "/%61%64%6d%69%6e/x",
    "/%2561dmin/x",
    "/admin;a=b/x",
    "/admin;/x",
    "/;/admin/x",
    "/;a=b/admin/x",
    "/admin%3b/x",
    "/admin%253b/x",
    "/admin/;",
    "/admin%2fx",
    "/admin%2Fx",
    "/admin%252fx",
    "/admin%2f%2fx",
    "/admin%255cx",
    "/admin%25252fx",
    "/%61dmin%2fx",
    "/admin;a=b%2fx",
    "/admin%3fa%2fx",
    "/%2fadmin/x",
    "/%5cadmin/x",
    "/admin%5cx",
    "/admin\\x",
    "/admin%00",
    "/admin/%00x",
    "/./admin/x",
    "/%2e/admin/x",
    "/public/../admin/x",
    "/public/%2e%2e/admin/x",
    "/public/.%2e/admin/x",
    "/public/%252e%252e/admin/x",
    "/public/..;/admin/x",
    "/public/..;a=b/admin/x",
    "/public/%2e%2e;/admin/x",
    "/public/..%2fadmin/x",
    "/public/..%5cadmin/x",
    "/public/..\\admin/x",
    "/admin#x",
];

/// Ways out of `/public` to a page that asks for a login.
const OUT_OF_PUBLIC: [&str; 23] = [
    "/public/../orders",
    "/public/..",
    "/public/../",
    "/public/x/../../orders",
    "/public/%2e%2e/orders",
    "/public/%2E./orders",
    "/public/%252e%252e/orders",
    "/public/..%2forders",
    "/public/..%252forders",
    "/public/..;/orders",
    "/public/..;x=y/orders",
    "/public/..\\orders",
    "/public/..%5corders",
    "/public%2f..%2forders",
    "/public%5c..%5corders",
    "/public/x%2f..%2f..%2forders",
    "/public/..%255corders",
    "/public/..;%2forders",
    "/public/.%2f..%2forders",
    "/public/..%25252forders",
    "/public%2f%2e%2e%2forders",
    "/public;/../orders",
    "/publicx",
];

/// Ways to write one of our own paths.
const OURS: [&str; 24] = [
    "/%2edoorcode/me",
    "/%2Edoorcode/login",
    "/.%64oorcode/me",
    "/%252edoorcode/me",
    "//.doorcode/x",
    "///.doorcode/me",
    "/;/.doorcode/me",
    "/.doorcode;x/me",
    "/.doorcode;/me",
    "/.doorcode%3b/me",
    "/.doorcode%2fme",
    "/.doorcode%5cme",
    "/.doorcode%252fme",
    "/%2edoorcode%2flogin",
    "/.doorcode/login%2f..%2f..%2forders",
    "/./.doorcode/me",
    "/x/../.doorcode/me",
    "/x/%2e%2e/.doorcode/me",
    "/x/..;/.doorcode/me",
    "/.doorcode/../orders",
    "/.doorcode/%2e%2e/orders",
    "/.doorcode",
    "/.doorcode/",
    "/.doorcode/no-such-page",
];

#[track_caller]
fn assert_none_passes(gate: &Gate, browser: &mut Browser, targets: &[&str]) {
    let before = gate.app.count();
    for target in targets {
        for method in ["GET", "POST", "DELETE"] {
            let form: Option<&[_]> = (method != "GET").then_some(&[]);
            let answer = browser.send(method, target, &[], form);
            let passed = gate.app.count() - before;
            assert_eq!(passed, 0, "{method} {target} reached the app: {:?}", gate.app.last());
            assert!(matches!(answer.status, 303 | 400..=405), "{method} {target}: {answer}");
        }
    }
}

#[test]
fn no_spelling_of_a_path_gets_around_a_role() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    assert_none_passes(&gate, &mut bob, &ADMIN);
    let absolute = format!("http://{}/admin/x", bob.authority);
    assert_none_passes(&gate, &mut bob, &[&absolute]);
    assert_none_passes(&gate, &mut gate.browser(), &ADMIN);

    let mut ada = gate.browser();
    ada.sign_in("/admin/a%20b;c=d?e", ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/admin/a%20b;c=d?e", "what may pass stays as it is");
}

#[test]
fn no_spelling_of_a_path_leads_out_of_what_is_public() {
    let gate = Gate::start();
    assert_none_passes(&gate, &mut gate.browser(), &OUT_OF_PUBLIC);
    gate.browser().get("/public/a%20b/;c/%C3%A9?d=../e").is(200);
    assert_eq!(gate.app.last().target, "/public/a%20b/;c/%C3%A9?d=../e");
}

#[test]
fn our_own_paths_never_reach_the_app_however_they_are_written() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    assert_none_passes(&gate, &mut ada, &OURS);
    assert_none_passes(&gate, &mut gate.browser(), &OURS);
}

#[test]
fn odd_requests_are_refused_before_the_app_sees_them() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let long = "a".repeat(33 * 1024);
    let many: String = ["X-A: b\r\n"; 101].concat();
    for (head, statuses) in [
        ("GET /public/x HTTP/1.1\r\n\r\n".to_owned(), 400..=400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"), 400..=400),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nHost: b\r\n\r\n"), 400..=400),
        (format!("GET http://b/public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400..=404),
        (format!("GET public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400..=400),
        (format!("GET * HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400..=400),
        (format!("GET /public/\u{1} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400..=400),
        (format!("TRACE /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405..=405),
        (format!("FROB /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405..=405),
        (format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400..=405),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\nX-L: {long}\r\n\r\n"), 431..=431),
        (format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"), 431..=431),
        (format!("GET /public/{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"), 431..=431),
    ] {
        let answer = gate.exchange(&head);
        let line = head.chars().take(100).collect::<String>();
        assert!(statuses.contains(&answer.status), "{line}: {answer}");
    }
    assert_eq!(gate.app.count(), 0);
}
