//! Pages that need a recent login: `fresh` of a rule.
use std::time::Duration;

use serde_json::Value;

use crate::support::browser::{Browser, code_in};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const QUARTER: Duration = Duration::from_mins(15);
/// Before the rule for everybody's pages.
const RULE: &str = "path = \"/public/*\"\nallow = [\"public\"]\n";

/// Where `/billing` needs a login of the last fifteen minutes.
pub(super) fn gate() -> Gate {
    let fresh = "path = \"/billing/*\"\nallow = [\"signed-in\"]\nfresh = \"15m\"";
    Gate::changed(&[(RULE, &format!("{fresh}\n[[site.rule]]\n{RULE}"))])
}

/// Types the code of the last text, from the page that asks for a number, which has `phone` already.
#[track_caller]
pub(super) fn log_in_again(
    gate: &Gate,
    browser: &mut Browser,
    page: &Answer,
    phone: &str,
) -> Answer {
    let before = gate.texts.messages().len();
    let page = browser.give_number(page, phone).is(200).says("name=\"code\"");
    let text = gate.texts.text(before + 1);
    let answer = browser.give_code(&page, &code_in(&text.body)).is(303);
    browser.finish(answer)
}

#[test]
fn who_logged_in_long_ago_logs_in_again_and_comes_back() {
    let gate = gate();
    let mut ada = gate.browser();
    ada.sign_in("/billing/cards?page=2", ADA, &gate.texts).is(200);
    gate.pass(QUARTER);
    ada.get("/billing/cards").is(200);
    gate.pass(Duration::from_secs(1));
    let before = gate.app.count();
    let asked = ada.get("/billing/cards?page=2").is(303);
    assert_eq!(gate.app.count(), before);
    let page = ada.follow(asked).is(200).says(&word("number_login_too_old"));
    // Their number is there, and nothing is called a problem.
    let page = page.says("value=\"+1 202-555-0123\"").never_says(&word("problem_prefix"));
    // Everything else goes on.
    ada.get("/orders").is(200);
    let former = ada.session();
    let arrived = log_in_again(&gate, &mut ada, &page, ADA).is(200);
    assert_eq!(gate.app.last().target, "/billing/cards?page=2", "{arrived}");
    assert_ne!(ada.session(), former);
    let mut thief = gate.browser();
    thief.keep_cookie("doorcode", &former);
    thief.get("/orders").is(303);
}

#[test]
fn no_address_makes_an_old_login_a_recent_one() {
    let gate = gate();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    gate.pass(QUARTER + Duration::from_secs(1));
    let before = gate.app.count();
    for target in [
        "/.doorcode/sign-in?return_to=%2Fbilling%2Fx",
        "/.doorcode/sign-in?return_to=%2Fbilling%2Fx&max_age=9999999",
        "/.doorcode/sign-in?return_to=%2Fbilling%2Fx&max_age=-1",
        "/.doorcode/sign-in?return_to=%2Fbilling%2Fx&max_age=99999999999999999999",
    ] {
        let answer = ada.get(target).is(303);
        assert_eq!(ada.here(answer.location()), "/billing/x");
        ada.get("/billing/x").is(303);
    }
    for path in
        ["/billing", "/billing/", "//billing/x", "/x/../billing/x", "/billing%2Fx", "/b%69lling/x"]
    {
        let answer = ada.get(path);
        assert_ne!(answer.status, 200, "{path}");
    }
    assert_eq!(gate.app.count(), before);
    // Whoever asks for a login gets one, even right after another.
    let page = ada.visit("/.doorcode/sign-in?return_to=%2F&max_age=0").is(200);
    log_in_again(&gate, &mut ada, &page, ADA).is(200);
    assert_eq!(gate.app.last().target, "/");
}

#[test]
fn another_user_may_log_in_instead() {
    let gate = gate();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    gate.pass(QUARTER * 2);
    let page = ada.visit("/billing/x").is(200);
    log_in_again(&gate, &mut ada, &page, BOB).is(200);
    assert_eq!(gate.app.last().target, "/billing/x");
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(BOB));
}

#[test]
fn scripts_are_told_how_recent_the_login_must_be() {
    let gate = gate();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    gate.pass(QUARTER * 2);
    let before = gate.app.count();
    for method in ["GET", "POST", "PROPFIND"] {
        let lines = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];
        let form = (method == "POST").then_some(&[("a", "b")][..]);
        let answer = ada.send(method, "/billing/x", &lines, form).is(401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer error=\"insufficient_user_authentication\", max_age=\"900\"")
        );
        let body: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(body["error"], "insufficient_user_authentication");
        assert_eq!((&body["max_age"], &body["status"]), (&900.into(), &401.into()));
        let login = body["login_url"].as_str().unwrap().to_owned();
        assert!(login.contains("max_age=900"), "{login}");
        let mut copy = gate.browser();
        copy.keep_cookie("doorcode", &ada.session());
        copy.visit(&copy.here(&login)).is(200).says("name=\"phone\"");
    }
    assert_eq!(gate.app.count(), before);
}
