//! How long somebody stays signed in, and what does not pass for a session.
use std::time::Duration;

use crate::support::browser::{Browser, code_in};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;
use crate::support::words::{word, word_with};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Asks for a protected page with this session cookie and nothing else that a browser keeps.
fn with_session(gate: &Gate, token: &str) -> Answer {
    let cookie = format!("doorcode={token}");
    gate.browser().send("GET", "/orders", &[("Cookie", &cookie)], None)
}

fn signed_in(gate: &Gate, phone: &str) -> Browser {
    let mut browser = gate.browser();
    browser.sign_in("/orders", phone, &gate.texts).is(200);
    browser
}

#[test]
fn a_session_that_is_not_used_ends() {
    let gate = Gate::start();
    let token = signed_in(&gate, ADA).session();
    for _ in 0..3 {
        gate.pass(DAY.saturating_sub(Duration::from_millis(1)));
        with_session(&gate, &token).is(200);
    }
    let before = gate.app.count();
    gate.pass(DAY);
    with_session(&gate, &token).is(303);
    with_session(&gate, &token).is(303);
    assert_eq!(gate.app.count(), before);
}

#[test]
fn every_session_ends_however_much_it_is_used() {
    let gate = Gate::start();
    let mut browser = signed_in(&gate, ADA);
    let token = browser.session();
    for _ in 0..31 {
        gate.pass(23 * HOUR);
        with_session(&gate, &token).is(200);
    }
    gate.pass((7 * HOUR).saturating_sub(Duration::from_millis(1)));
    with_session(&gate, &token).is(200);
    gate.pass(Duration::from_millis(1));
    let before = gate.app.count();
    with_session(&gate, &token).is(303);
    assert_eq!(browser.cookie("doorcode"), None, "the browser forgets it at the same moment");
    browser.visit("/orders").is(200).says("name=\"phone\"");
    assert_eq!(gate.app.count(), before);
}

#[test]
fn signing_out_ends_the_session_everywhere_at_once() {
    let gate = Gate::start();
    let mut browser = signed_in(&gate, ADA);
    let copied = browser.session();
    browser
        .get("/.doorcode/sign-out")
        .is(200)
        .says(&word_with("sign_out_text", &[("brand", "Acme")]));
    with_session(&gate, &copied).is(200);

    let answer = browser.post("/.doorcode/sign-out", &[]).is(303);
    let line = "doorcode=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
    assert_eq!(answer.all("set-cookie"), [line]);
    browser.follow(answer).is(200).says(&word("signed_out_title"));
    let before = gate.app.count();
    with_session(&gate, &copied).is(303);
    browser.get("/orders").is(303);
    let bare = [("Sec-Fetch-Mode", "cors"), ("Cookie", &format!("doorcode={copied}"))];
    gate.browser().send("GET", "/.doorcode/me", &bare, None).is(401);
    assert_eq!(gate.app.count(), before);
    assert_eq!(gate.count(sessions::OPEN), 0);
}

#[test]
fn one_session_ends_and_the_persons_others_stay() {
    let gate = Gate::start();
    let (mut desk, phone) = (signed_in(&gate, ADA), signed_in(&gate, ADA));
    desk.post("/.doorcode/sign-out", &[]).is(303);
    with_session(&gate, &phone.session()).is(200);
    assert_eq!(gate.count(sessions::OPEN), 1);
}

#[test]
fn nothing_but_a_whole_cookie_of_ours_passes() {
    let gate = Gate::start();
    let token = signed_in(&gate, ADA).session();
    let before = gate.app.count();
    let mut wrong: Vec<String> = (0..token.len()).map(|end| token[..end].to_owned()).collect();
    wrong.extend((1..token.len()).map(|from| token[from..].to_owned()));
    wrong.extend((0..token.len()).map(|at| {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    }));
    wrong.extend(["=", "==", "a", "%00", "\u{e9}"].map(|end| format!("{token}{end}")));
    wrong.extend([
        token.to_uppercase(),
        token.replace('-', "+").replace('_', "/") + "=",
        format!("\"{token}\""),
        token.repeat(2),
        "A".repeat(54),
        "null".to_owned(),
        "' OR 1=1 --".to_owned(),
    ]);
    wrong.retain(|text| *text != token);
    for text in &wrong {
        let answer = with_session(&gate, text);
        assert_eq!(answer.status, 303, "{text}: {answer}");
    }
    assert_eq!(gate.app.count(), before, "of {} wrong cookies none passed", wrong.len());
    with_session(&gate, &token).is(200);
}

#[test]
fn a_session_of_another_server_or_another_database_does_not_pass() {
    let here = Gate::changed(&[]);
    let same_secret = Gate::changed(&[]);
    let other_secret = Gate::changed(&[("env:SECRET", "env:OTHER")]);
    for elsewhere in [&same_secret, &other_secret] {
        let token = signed_in(elsewhere, ADA).session();
        with_session(elsewhere, &token).is(200);
        with_session(&here, &token).is(303);
    }
    assert_eq!(here.app.count(), 0);
}

#[test]
fn a_new_sign_in_ends_the_session_that_the_browser_had() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, BOB);
    let code = code_in(&gate.texts.text(1).body);
    browser.sign_in("/orders", ADA, &gate.texts).is(200);
    let former = browser.session();
    with_session(&gate, &former).is(200);

    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);

    assert_ne!(browser.session(), former);
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(BOB));
    let before = gate.app.count();
    with_session(&gate, &former).is(303);
    assert_eq!(gate.app.count(), before);
    assert_eq!(gate.count(sessions::OPEN), 1);
}

#[test]
fn a_session_cookie_that_somebody_planted_before_the_login_is_worth_nothing() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let planted = "A".repeat(54);
    browser.keep_cookie("doorcode", &planted);
    browser.sign_in("/orders", ADA, &gate.texts).is(200);
    assert_ne!(browser.session(), planted);
    with_session(&gate, &planted).is(303);
}
