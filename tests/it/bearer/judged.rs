//! What opens a site, and what passes it by.
use std::time::Duration;

use super::world::{DOWN, HERE, ask, bearer, gate, get, is_refused, login};
use crate::support::settings::{ADA, BOB};

#[test]
fn a_good_token_passes_and_the_app_is_told_for_whom() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    for round in 1..=3 {
        let answer = get(&gate, "/orders", ada.access()).is(200).says("the app: GET /orders");
        assert_eq!(gate.app.count(), round);
        assert_eq!(answer.header("cache-control"), Some("private"), "{answer}");
        let seen = gate.app.last();
        assert_eq!(seen.header("x-forwarded-user"), Some(ada.claim("sub").as_str()));
        assert_eq!(seen.header("x-forwarded-phone"), Some(ADA));
        assert_eq!(seen.header("x-forwarded-groups"), Some("admin,staff"));
        assert!(seen.header("x-doorcode-assertion").is_some(), "{seen:?}");
        assert_eq!(seen.header("authorization"), Some(bearer(ada.access()).as_str()));
    }
    let user = format!("\"user\":\"{}\"", ada.claim("sub"));
    crate::support::gate::wait_for("a line that names her", || {
        let log = gate.access_log();
        log.lines().any(|line| line.contains("/orders") && line.contains(&user)).then_some(())
    });
    // However the scheme is written, and whatever else a browser would send.
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let lines = [("Authorization", &*format!("{scheme} {}", ada.access()))];
        ask(&gate, "GET", "/orders", &lines).is(200);
    }
}

#[test]
fn a_token_ends_at_its_own_end() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    gate.pass(Duration::from_mins(15).saturating_sub(Duration::from_secs(1)));
    get(&gate, "/orders", ada.access()).is(200);
    gate.pass(Duration::from_secs(1));
    is_refused(&get(&gate, "/orders", ada.access()), "known and expired");
    assert_eq!(gate.app.count(), 1);
}

#[test]
fn a_token_of_one_site_opens_no_other() {
    let gate = gate(&[]);
    let other = login(&gate, ADA, DOWN);
    is_refused(&get(&gate, "/orders", other.access()), "the other site's");
    is_refused(&get(&gate, "/maybe/x", other.access()), "on an optional path");
    get(&gate, "/public/x", other.access()).is(200);
    assert_eq!(gate.app.count(), 1, "what is public asks nobody");
    assert_eq!(gate.app.last().header("x-forwarded-user"), None);
}

#[test]
fn a_bearer_that_is_not_ours_proves_nothing_and_is_the_apps() {
    let gate = gate(&[]);
    let claims = "eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUuY29tLyIsInN1YiI6ImEifQ";
    let foreign = [
        format!("Bearer eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmVk"),
        "Bearer opaque".to_owned(),
        "Bearer a.b.c".to_owned(),
        "Bearer".to_owned(),
        "Basic YTpi".to_owned(),
        "Token a=b".to_owned(),
    ];
    let mut browser = gate.browser();
    browser.sign_in("/orders", BOB, &gate.texts).is(200);
    let cookie = format!("__Host-doorcode={}", browser.cookie("__Host-doorcode").expect("his"));
    for line in &foreign {
        let before = gate.app.count();
        for path in ["/public/x", "/maybe/x"] {
            ask(&gate, "GET", path, &[("Authorization", line)]).is(200);
            let seen = gate.app.last();
            assert_eq!(seen.header("authorization"), Some(line.as_str()));
            assert_eq!(seen.header("x-forwarded-user"), None, "{line}");
        }
        let answer = ask(&gate, "GET", "/orders", &[("Authorization", line)]).is(401);
        assert!(answer.text().contains("login_url"), "{line}: {answer}");
        assert_eq!(gate.app.count(), before + 2, "{line}");
        ask(&gate, "GET", "/orders", &[("Authorization", line), ("Cookie", &cookie)]).is(200);
        let seen = gate.app.last();
        assert_eq!(seen.header("x-forwarded-phone"), Some(BOB), "{line}");
        assert_eq!(seen.header("authorization"), Some(line.as_str()));
    }
}

#[test]
fn no_page_can_send_somebodys_token_so_that_origins_do_not_count() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    let foreign = ("Origin", "https://evil.example");
    let token = bearer(ada.access());
    ask(&gate, "POST", "/orders", &[foreign, ("Authorization", &token)]).is(200);
    assert_eq!(gate.app.count(), 1);
    let mut browser = gate.browser();
    browser.sign_in("/orders", BOB, &gate.texts).is(200);
    let cookie = format!("__Host-doorcode={}", browser.cookie("__Host-doorcode").expect("his"));
    let before = gate.app.count();
    ask(&gate, "POST", "/orders", &[foreign, ("Cookie", &cookie)]).is(403);
    // Not even with what only looks like a token.
    let lines = [foreign, ("Cookie", &*cookie), ("Authorization", "Bearer opaque")];
    ask(&gate, "POST", "/orders", &lines).is(403);
    assert_eq!(gate.app.count(), before);
}
