//! Who is asked for a token, and who for a login.
use super::{DOWN, SHOP, program};
use crate::support::gate::Gate;

const HTML: (&str, &str) = ("Accept", "text/html,*/*;q=0.8");

#[test]
fn programs_are_asked_for_a_password_and_browsers_to_sign_in() {
    let gate = Gate::changed(&[SHOP]);
    let realm = format!("Basic realm=\"{}\", charset=\"UTF-8\"", gate.origin);
    for (method, lines) in [
        ("GET", &[][..]),
        ("PROPFIND", &[("User-Agent", "iOS/18.1 dataaccessd/1.0"), ("Depth", "0")]),
        ("PROPFIND", &[HTML]),
        ("REPORT", &[("User-Agent", "gnome-online-accounts/3.50")]),
        ("OPTIONS", &[]),
        ("POST", &[("Content-Type", "application/x-git-upload-pack-request")]),
        ("GET", &[("Authorization", "Basic YTpi")]),
    ] {
        let answer = program(&gate, method, "/dav/x", lines).is(401);
        assert_eq!(answer.all("www-authenticate"), [realm.as_str()], "{method} {lines:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    for (method, lines) in [
        ("GET", &[HTML, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "none")][..]),
        ("POST", &[HTML, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Site", "same-origin")]),
    ] {
        let answer = program(&gate, method, "/dav/x", lines).is(303);
        assert!(answer.location().contains("/.doorcode/sign-in"), "{answer}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    for (method, lines) in [
        ("GET", &[("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")][..]),
        ("PROPFIND", &[("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")]),
        ("GET", &[("X-Requested-With", "XMLHttpRequest")]),
        ("GET", &[("Referer", "https://a.example/")]),
    ] {
        let answer = program(&gate, method, "/dav/x", lines).is(401);
        assert_eq!(answer.header("www-authenticate"), Some("Doorcode"), "{method} {lines:?}");
        assert!(answer.text().contains("login_url"));
    }
}

#[test]
fn a_site_that_takes_no_tokens_asks_nobody_for_a_password() {
    let gate = Gate::changed(&[DOWN]);
    for method in ["GET", "PROPFIND"] {
        let answer = program(&gate, method, "/dav/x", &[]).is(401);
        assert_eq!(answer.header("www-authenticate"), Some("Doorcode"));
    }
    program(&gate, "GET", "/dav/x", &[HTML]).is(303);
}

#[test]
fn a_page_is_never_answered_with_the_dialog_of_its_browser() {
    let gate = Gate::changed(&[SHOP]);
    let lines = [
        ("Authorization", "Bearer dcp_aaaa"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    let answer = program(&gate, "GET", "/dav/x", &lines).is(401);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
}
