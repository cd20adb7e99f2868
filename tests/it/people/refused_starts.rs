//! The story of a code that was asked for in vain: a reference on the page, and what it leads to.
use doorcode::domain::PhoneNumber;

use super::attempts::{FILE, shown_reference, story};
use super::references::history_of;
use crate::limits::defaults;
use crate::support::browser::{code_in, unlike};
use crate::support::http::Answer;
use crate::support::metrics::metric;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};

/// Another browser asks for a code for a number that was texted a moment ago.
fn too_soon(program: &Program) -> Answer {
    let mut browser = program.browser();
    let page = browser.visit("/orders");
    browser.give_number(&page, BOB).is(429)
}

fn texted(program: &Program) {
    let mut browser = program.browser();
    let page = browser.visit("/orders");
    browser.give_number(&page, BOB).is(200);
}

#[test]
fn a_start_that_a_limit_refuses_has_a_reference_and_a_story() {
    let program = Program::start("info");
    texted(&program);
    let reference = shown_reference(&too_soon(&program));
    let said = story(&program, &reference, "nothing was sent");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    let told = "a code was asked for by the login page, for +44 •••• •••456, from 127.0.0.0/24; \
                nothing was sent: refused by limits.first_wait, for ";
    assert!(lines[1].contains(told), "{said}");
    assert!(!said.contains(&BOB[1..]), "{said}");
    // The log names the same attempt.
    let id = lines[0].split(['(', ')']).nth(1).expect("an id");
    let log = program.printed_to("err");
    let line = log.lines().find(|line| line.contains("rate limit exceeded")).expect(&log);
    assert!(line.contains(&format!("attempt={id}")), "{line}");

    let (code, said) = program.said(&["attempt", &reference, "--reveal", FILE]);
    assert!(code == Some(0) && said.contains(&format!("number  {BOB}\n")), "{said}");
    story(&program, &reference, "the whole number was shown to ");
}

#[test]
fn what_one_network_is_refused_fills_no_database_and_the_log_tells_the_rest() {
    let program = Program::start("info");
    texted(&program);
    let references: Vec<String> = (0..9).map(|_| shown_reference(&too_soon(&program))).collect();
    for reference in &references[..5] {
        story(&program, reference, "nothing was sent");
    }
    for reference in &references[5..] {
        let (code, said) = program.command(&["attempt", reference, FILE]);
        assert_eq!(code, Some(1), "{said}");
        let id = said.trim_end().rsplit("attempt=").next().expect("an id");
        let logged = format!("attempt={id}");
        assert!(id.len() == 10 && program.printed_to("err").contains(&logged), "{said}");
    }
    assert_eq!(metric(program.admin, "doorcode_attempt_history_left_out_total"), 4);
    assert_eq!(metric(program.admin, "doorcode_attempt_history_lost_total"), 0);
}

#[test]
fn a_page_of_a_server_that_fails_shows_the_reference_of_the_attempt() {
    let gate = defaults(&[]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    let code = code_in(&gate.texts.text(1).body);
    let mut database = gate.database();
    gate.run(sqlx::query("DROP TABLE counters").execute(&mut database)).expect("no table");

    // Of the one that lives.
    let reference = shown_reference(&page);
    let answer = browser.give_code(&page, &unlike(&code, 0)).is(303);
    assert_eq!(shown_reference(&browser.follow(answer).is(503)), reference);

    // Of one that did not begin.
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, BOB).is(503);
    let entries = history_of(&gate, &shown_reference(&page));
    assert_eq!(entries.len(), 1, "{entries:?}");
    let text = &entries[0].text;
    assert!(text.starts_with("a code was asked for by the login page, for +44 "), "{text}");
    assert!(text.contains("; nothing was sent: a store failed: "), "{text}");
    assert_eq!(entries[0].phone.as_ref().map(PhoneNumber::e164), Some(BOB));
}
