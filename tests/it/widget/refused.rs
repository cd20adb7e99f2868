use std::time::Duration;

use doorcode::domain::PhoneNumber;
use doorcode::store::UserStore as _;
use doorcode::system::Clock as _;
use sqlx::{Connection as _, Executor as _};

use super::{PAGE, assert_shared, gate, look, post, read, texted, verify};
use crate::people::beside;
use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::provider::Outcome;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const ONE_START: (&str, &str) = ("starts_per_address_10m = 1000", "starts_per_address_10m = 1");

#[test]
fn limits_tell_when_to_come_back() {
    let gate = gate(&[ONE_START, ("countries = [", "challenge = false\ncountries = [")]);
    let (mut browser, _) = texted(&gate, BOB);
    let answer = post(&mut browser, "start", &[("phone", ADA)]).is(429);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!(told["error"], "starts_per_address_10m", "{told}");
    let seconds = told["seconds"].as_u64().expect("seconds");
    assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()), "{answer}");
    let html = told["html"].as_str().unwrap_or_default();
    assert!(html.contains(&word("limited_network_title")), "{told}");
    let reference = told["reference"].as_str().expect("a reference");
    assert!(html.contains(&format!(">{reference}<")), "{told}");
    assert_eq!(gate.texts.messages().len(), 1);
}

#[test]
fn a_proof_is_asked_for_on_the_login_pages() {
    let gate = gate(&[ONE_START]);
    let (mut browser, _) = texted(&gate, BOB);
    let answer = post(&mut browser, "start", &[("phone", ADA)]).is(429);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!((&told["state"], &told["error"]), (&"elsewhere".into(), &"challenge".into()));
    assert!(told.get("html").is_none(), "the element shows its button: {told}");
    assert_eq!(gate.texts.messages().len(), 1);
}

#[test]
fn who_is_blocked_is_texted_and_refused_after_the_right_code() {
    let gate = gate(&[]);
    let ada = PhoneNumber::from_e164(ADA).unwrap();
    let now = gate.clock.now();
    gate.run(beside(&gate).set_blocked(&ada.into(), true, now)).unwrap().expect("a user");
    let (mut browser, code) = texted(&gate, ADA);
    let reference = reference_of_form(&mut browser, ADA);
    let answer = verify(&mut browser, ADA, &code).is(403);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!((&told["state"], &told["error"]), (&"denied".into(), &"denied".into()), "{told}");
    let html = told["html"].as_str().unwrap_or_default();
    assert_eq!(told["reference"], reference, "{told}");
    assert!(html.contains(&format!(">{reference}<")), "{told}");
    assert!(html.contains(&word("denied_title")) && html.contains("123"), "{html}");
    assert!(!html.contains("+1 202-555-0123"), "the number is masked: {html}");
    assert_eq!(browser.cookie("doorcode"), None);
    look(&mut browser, PAGE).is(200).says("\"number\"");
}

/// The reference that the form for a code shows.
fn reference_of_form(browser: &mut Browser, phone: &str) -> String {
    let told = read(&post(browser, "resend", &[("phone", phone)]).is(200));
    let html = told["html"].as_str().expect("a form");
    between(html, "Reference: <bdi class=\"num\" dir=\"ltr\">", "</bdi>").to_owned()
}

#[test]
fn a_code_that_expired_names_its_attempt_and_one_that_never_was_names_none() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let reference = reference_of_form(&mut browser, BOB);
    gate.pass(Duration::from_mins(6));
    let told = read(&verify(&mut browser, BOB, &code).is(403));
    assert_eq!(told["error"], "number_code_expired", "{told}");
    let html = told["html"].as_str().unwrap_or_default();
    assert_eq!(told["reference"], reference, "{told}");
    assert!(html.contains(&format!(">{reference}<")), "{told}");
    let never = read(&verify(&mut browser, ADA, &code).is(403));
    assert_eq!(never["error"], "number_code_expired", "{never}");
    assert!(never.get("reference").is_none(), "{never}");
    assert!(!never["html"].as_str().unwrap_or_default().contains("Reference"), "{never}");
}

fn execute(gate: &Gate, sql: &'static str) {
    let mut database = gate.database();
    gate.run(database.execute(sql)).expect("done");
    gate.run(database.close()).expect("closed");
}

#[test]
fn a_store_that_fails_is_told_and_the_code_works_once_it_is_back() {
    let gate = gate(&[]);
    let (mut browser, code) = texted(&gate, BOB);
    let reference = reference_of_form(&mut browser, BOB);
    execute(&gate, "ALTER TABLE session_tokens RENAME TO elsewhere");
    let answer = verify(&mut browser, BOB, &code).is(503);
    assert_shared(&answer);
    assert!(answer.header("retry-after").is_some_and(|wait| wait != "0"), "{answer}");
    let told = read(&answer);
    assert_eq!(told["state"], "unavailable", "{told}");
    assert_eq!(told["reference"], reference, "{told}");
    let html = told["html"].as_str().unwrap_or_default();
    assert!(html.contains(&word("unavailable_title")), "{html}");
    assert_eq!(browser.cookie("doorcode"), None);
    execute(&gate, "ALTER TABLE elsewhere RENAME TO session_tokens");
    verify(&mut browser, BOB, &code).is(200);
}

/// As the login pages tell it (`story/sending.rs`), and in their words.
#[test]
fn a_refusal_of_the_provider_is_told_by_what_the_person_can_do() {
    let gate = gate(&[]);
    for (code, key) in [
        (21408, "code_country"),
        (60203, "code_too_many"),
        (30003, "code_not_reached"),
        (30007, "code_blocked"),
    ] {
        gate.texts.script(Outcome::Refuse(code));
        let mut browser = gate.browser();
        look(&mut browser, PAGE).is(200);
        let told = read(&post(&mut browser, "start", &[("phone", BOB)]).is(200));
        assert_eq!((&told["state"], &told["error"]), (&"code".into(), &key.into()), "{told}");
        let html = told["html"].as_str().unwrap_or_default();
        assert!(html.contains(&word(key)) && !html.contains("name=\"code\""), "{html}");
        gate.pass(Duration::from_hours(1));
    }
}

#[test]
fn a_provider_that_is_down_is_told_until_it_is_back() {
    let gate = gate(&[]);
    gate.texts.script(Outcome::Garbage(503, ""));
    let mut browser = gate.browser();
    look(&mut browser, PAGE).is(200);
    let answer = post(&mut browser, "start", &[("phone", BOB)]).is(503);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!(
        (&told["state"], &told["error"]),
        (&"code".into(), &"code_provider_down".into()),
        "{told}"
    );
    let html = told["html"].as_str().unwrap_or_default();
    assert!(html.contains(&word("code_provider_down")), "{html}");
    for claim in ["We sent", "We’re sending", "It works for"] {
        assert!(!html.contains(claim), "`{claim}` in {html}");
    }
    gate.pass(Duration::from_secs(33));
    let told = read(&post(&mut browser, "resend", &[("phone", BOB)]).is(200));
    let html = told["html"].as_str().unwrap_or_default();
    assert!(html.contains(&word("resent_sent")), "{html}");
    let code = crate::support::browser::code_in(&gate.texts.text(1).body);
    verify(&mut browser, BOB, &code).is(200);
}
