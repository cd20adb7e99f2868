//! What `<sms-login>` asks: the login pages' steps on a page of a client, over the wire.
mod found;
mod handed_over;
mod refused;
mod script;
mod ways;

use std::time::Duration;

use serde_json::Value;

use crate::support::browser::{Browser, Line, code_in};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const PAGE: &str = "https://app.example.com";
const CLIENTS: (&str, &str) = (
    "[[site]]\nname = \"Down\"\n",
    r#"[[client]]
id = "spa"
name = "My SPA"
callbacks = ["https://callback.example.com/cb"]
web_origins = ["https://app.example.com"]
[[client]]
id = "other"
name = "Another"
callbacks = ["https://other.example.com/cb"]
web_origins = ["https://other.example.com"]
[[site]]
name = "Down"
"#,
);

fn gate(changes: &[(&str, &str)]) -> Gate {
    let changes: Vec<_> = [CLIENTS].into_iter().chain(changes.iter().copied()).collect();
    Gate::changed(&changes)
}

/// As the script of a page at `origin` asks.
fn script<'a>(origin: &'a str, site: &'a str) -> [Line<'a>; 4] {
    [
        ("Origin", origin),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", site),
        ("Accept", "application/json"),
    ]
}

fn look(browser: &mut Browser, page: &str) -> Answer {
    let target = "/.doorcode/widget/start?client_id=spa";
    browser.send("GET", target, &script(page, "same-site"), None)
}

fn post(browser: &mut Browser, step: &str, fields: &[Line<'_>]) -> Answer {
    let target = format!("/.doorcode/widget/{step}");
    let form: Vec<_> = [("client_id", "spa")].into_iter().chain(fields.iter().copied()).collect();
    browser.send("POST", &target, &script(PAGE, "same-site"), Some(&form))
}

fn verify(browser: &mut Browser, phone: &str, code: &str) -> Answer {
    post(browser, "verify", &[("phone", phone), ("code", code)])
}

/// A browser that was texted, and its code.
fn texted(gate: &Gate, phone: &str) -> (Browser, String) {
    let mut browser = gate.browser();
    look(&mut browser, PAGE).is(200);
    let before = gate.texts.messages().len();
    let answer = post(&mut browser, "start", &[("phone", phone)]).is(200);
    assert_eq!(read(&answer)["state"], "code", "{answer}");
    let code = code_in(&gate.texts.text(before + 1).body);
    (browser, code)
}

/// A code that is not this one.
fn other_than(code: &str, n: u32) -> String {
    let code: u32 = code.parse().expect("digits");
    format!("{:06}", (code + n) % 1_000_000)
}

#[track_caller]
fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
}

#[track_caller]
fn assert_shared(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

#[track_caller]
fn assert_not_shared(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
    assert_eq!(answer.header("access-control-allow-credentials"), None, "{answer}");
}

#[test]
fn a_number_and_its_code_sign_the_browser_in_at_the_issuer_and_no_body_holds_a_token() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    let form = look(&mut browser, PAGE).is(200);
    assert_shared(&form);
    let told = read(&form);
    assert_eq!(
        (&told["state"], &told["lang"], &told["dir"]),
        (&"number".into(), &"en".into(), &"ltr".into())
    );
    let html = told["html"].as_str().unwrap_or_default();
    assert!(html.contains(&word("phone_label")) && html.contains("My SPA"), "{html}");

    let started = post(&mut browser, "start", &[("phone", BOB)]).is(200);
    assert_shared(&started);
    let told = read(&started);
    assert_eq!((&told["state"], &told["digits"]), (&"code".into(), &6.into()), "{told}");
    assert!(told["resend_after"].as_u64().is_some_and(|wait| wait > 0), "{told}");
    let text = gate.texts.text(1).body;
    assert!(text.contains("\n@app.example.com #"), "the page's host offers the code: {text}");
    assert!(text.contains("My SPA"), "{text}");

    let answer = verify(&mut browser, BOB, &code_in(&text)).is(200);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!(told["state"], "signed-in", "{told}");
    assert_eq!(told["handover"], Value::Null, "no site is behind this page: {told}");
    let session = browser.session();
    for answer in [&form, &started, &answer] {
        let body = answer.text();
        assert!(!body.contains(&session) && !body.contains("token"), "{body}");
    }
    assert!(browser.get("/.doorcode/me").is(200).text().contains(BOB), "the session is good");
}

#[test]
fn a_wrong_code_is_told_in_the_pages_words_until_there_are_no_tries_left() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let short = read(&verify(&mut browser, BOB, "12").is(400));
    assert_eq!(short["error"], "code_wrong_length", "{short}");
    for (n, left) in [(1, "2 tries left"), (2, "1 try left")] {
        let told = read(&verify(&mut browser, BOB, &other_than(&code, n)).is(403));
        assert_eq!((&told["state"], &told["error"]), (&"code".into(), &"code_wrong".into()));
        assert!(told["html"].as_str().unwrap_or_default().contains(left), "{told}");
    }
    let told = read(&verify(&mut browser, BOB, &other_than(&code, 3)).is(403));
    assert_eq!((&told["state"], &told["error"]), (&"number".into(), &"number_code_died".into()));
    verify(&mut browser, BOB, &code).is(403);
    assert_eq!(browser.cookie("doorcode"), None);
}

#[test]
fn the_words_are_those_of_the_language_that_pages_would_have() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    browser.language = "de".to_owned();
    assert_eq!(read(&look(&mut browser, PAGE).is(200))["lang"], "de");
    let target = "/.doorcode/widget/start?client_id=spa&lang=ar";
    let arabic = browser.send("GET", target, &script(PAGE, "same-site"), None).is(200);
    let told = read(&arabic);
    assert_eq!((&told["lang"], &told["dir"]), (&"ar".into(), &"rtl".into()));
    let wrong = read(&post(&mut browser, "start", &[("phone", "12")]).is(400));
    assert_eq!((&wrong["state"], &wrong["lang"]), (&"number".into(), &"de".into()), "{wrong}");
    let empty = read(&post(&mut browser, "start", &[]).is(400));
    assert_eq!(empty["error"], "phone_empty", "{empty}");
}

#[test]
fn pages_of_others_are_refused_and_may_not_read_why() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let target = "/.doorcode/widget/verify";
    let fields = |client| [("client_id", client), ("phone", BOB), ("code", code.as_str())];
    for origin in ["https://evil.example", "null", "http://app.example.com", ""] {
        let lines = script(origin, "same-site");
        let answer = browser.send("POST", target, &lines, Some(&fields("spa"))).is(403);
        assert_not_shared(&answer);
        let lines = script(origin, "same-site");
        let start = "/.doorcode/widget/start";
        assert_not_shared(&browser.send("POST", start, &lines, Some(&fields("spa"))).is(403));
    }
    let lines = script("https://other.example.com", "same-site");
    assert_not_shared(&browser.send("POST", target, &lines, Some(&fields("spa"))).is(403));
    let lines = script(PAGE, "same-site");
    assert_not_shared(&browser.send("POST", target, &lines, Some(&fields("other"))).is(403));
    let lines = script(PAGE, "same-site");
    browser.send("POST", target, &lines, Some(&fields("nobody"))).is(403);
    assert_not_shared(&look(&mut browser, "https://evil.example").is(403));
    assert_eq!(gate.texts.messages().len(), 1, "nothing was sent for them");
    assert_eq!(browser.cookie("doorcode"), None);
    verify(&mut browser, BOB, &code).is(200);
}

#[test]
fn a_page_that_our_cookie_does_not_reach_gets_no_form_and_no_text() {
    let gate = gate(&[]);
    let mut browser = gate.browser();
    let target = "/.doorcode/widget/start?client_id=spa";
    let away = browser.send("GET", target, &script(PAGE, "cross-site"), None).is(200);
    let told = read(&away);
    assert_eq!((&told["state"], &told["label"]), (&"elsewhere".into(), &"Sign in".into()));
    assert_eq!(away.all("set-cookie").len(), 0, "{away}");
    let form = [("client_id", "spa"), ("phone", BOB)];
    let lines = script(PAGE, "cross-site");
    browser.send("POST", "/.doorcode/widget/start", &lines, Some(&form)).is(403);

    let told = read(&post(&mut browser, "start", &[("phone", BOB)]).is(400));
    assert_eq!(told["error"], "no_cookie", "{told}");
    assert_eq!(gate.texts.messages().len(), 0);
}

#[test]
fn a_code_is_for_the_browser_that_asked_for_it() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let mut stranger = gate.browser();
    let told = read(&verify(&mut stranger, BOB, &code).is(400));
    assert_eq!(told["error"], "no_cookie", "{told}");
    look(&mut stranger, PAGE).is(200);
    let told = read(&verify(&mut stranger, BOB, &code).is(403));
    assert_eq!(told["state"], "number", "{told}");
    assert_eq!(stranger.cookie("doorcode"), None);
    verify(&mut browser, ADA, &code).is(403);
    verify(&mut browser, BOB, &code).is(200);
}

#[test]
fn the_code_is_sent_again_after_the_wait_and_not_before() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let early = read(&post(&mut browser, "resend", &[("phone", BOB)]).is(200));
    assert!(early["html"].as_str().unwrap_or_default().contains("again in"), "{early}");
    assert_eq!(gate.texts.messages().len(), 1);
    let wait = early["resend_after"].as_u64().expect("seconds");
    gate.pass(Duration::from_secs(wait));
    let again = read(&post(&mut browser, "resend", &[("phone", BOB)]).is(200));
    assert!(again["html"].as_str().unwrap_or_default().contains("the code again."), "{again}");
    assert_eq!(code_in(&gate.texts.text(2).body), code, "the same code");
    verify(&mut browser, BOB, &code).is(200);
}
