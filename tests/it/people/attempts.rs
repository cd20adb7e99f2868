//! `doorcode attempt`: the story of a login, from the database of a running server.
use crate::receipts::{both, gateway, tell_at};
use crate::support::browser::{Browser, between, code_in, unlike};
use crate::support::gate::wait_for;
use crate::support::http::Answer;
use crate::support::program::Program;
use crate::support::provider::Outcome;
use crate::support::settings::{ADA, BOB};

pub(super) const FILE: &str = "my.toml";

/// A browser at the page for the code that was texted.
fn asked(program: &Program) -> (Browser, Answer) {
    let mut bob = program.browser();
    let page = bob.visit("/orders");
    let page = bob.give_number(&page, BOB);
    (bob, page)
}

/// The id of the newest attempt, as the log has it.
pub(super) fn attempt_of(program: &Program) -> String {
    let log = program.printed_to("err");
    let line = log.lines().rev().find(|line| line.contains("code requested")).expect(&log);
    let id = line.split("attempt=").nth(1).expect(line);
    id.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// The reference on a page for a code, or on the one that says that none was sent.
pub(crate) fn shown_reference(page: &Answer) -> String {
    between(&page.text(), "Reference: <bdi class=\"num\" dir=\"ltr\">", "</bdi>").to_owned()
}

/// The story, as soon as it has this line.
#[track_caller]
pub(super) fn story(program: &Program, id: &str, last: &str) -> String {
    wait_for(last, || {
        let (code, said) = program.said(&["attempt", id, FILE]);
        (code == Some(0) && said.contains(last)).then_some(said)
    })
}

#[test]
fn a_login_is_told_from_the_question_to_its_end_without_the_number() {
    let program = Program::start("info");
    let (mut bob, page) = asked(&program);
    let code = code_in(&program.texts.text_to(BOB).body);
    let wrong = bob.give_code(&page, &unlike(&code, 1));
    let page = if wrong.status == 303 { bob.follow(wrong) } else { wrong };
    bob.give_code(&page, &code).is(303);
    let id = attempt_of(&program);
    let said = story(&program, &id, "is signed in");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("attempt ") && lines[0].ends_with(&format!("({id})")), "{said}");
    for (line, told) in lines[1..].iter().zip([
        "a code was asked for by the login page, for +44 •••• •••456",
        "twilio accepted the text, as SM",
        "wrong code, tries left: 2",
        "right code: sms|",
    ]) {
        assert!(line.starts_with("20") && line.contains(told), "{told}: {said}");
    }
    assert!(!said.contains(&BOB[1..]) && !said.contains(&code), "{said}");
    // By the reference that the page showed, as people read it out.
    let shown = shown_reference(&page);
    let reference = lines[0].split(' ').nth(1).expect("a reference");
    assert_eq!(shown, format!("{}-{}", &reference[..4], &reference[4..]));
    assert_eq!(program.said(&["attempt", &shown.to_lowercase(), FILE]), (Some(0), said));
}

#[test]
fn what_a_provider_tells_is_told_with_the_time_that_it_took() {
    let second = gateway();
    let changes = both(&second);
    let changes: Vec<(&str, &str)> = changes.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let program = Program::changed("info", &changes);
    asked(&program);
    let id = attempt_of(&program);
    tell_at(program.port, &program.texts.taken(1), "undelivered", Some(30_008)).is(200);
    let said = story(&program, &id, "http accepted the text");
    for told in [
        "twilio accepted the text",
        "twilio says that the text did not arrive: the phone is switched off or out of range (code 30008)",
        "the same code is sent by another provider than twilio",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    tell_at(program.port, &program.texts.taken(1), "delivered", None).is(200);
    story(&program, &id, "twilio says that the text arrived, after ");
}

#[test]
fn whoever_sees_the_whole_number_is_recorded() {
    let program = Program::start("info");
    asked(&program);
    let id = attempt_of(&program);
    story(&program, &id, "accepted the text");
    let mallory = "eve (user id 7)\n2026-01-01T00:00:00Z  right code: \u{1b}[2K";
    let (code, said) = program.said_as(mallory, &["attempt", &id, "--reveal", FILE]);
    assert!(code == Some(0) && said.contains(&format!("number  {BOB}\n")), "{said}");
    let said = story(&program, &id, "the whole number was shown to ");
    assert!(!said.contains(&BOB[1..]), "{said}");
    let shown = "shown to eve ?user id 7??2026-01-01T00?00?00Z  right code? ??2K (user id ";
    assert!(said.contains(shown), "{said}");
}

#[test]
fn what_is_not_sent_and_what_is_refused_is_told() {
    let program = Program::start("info");
    program.texts.script(Outcome::Refuse(21_211));
    let (_, page) = asked(&program);
    let id = attempt_of(&program);
    let refused = story(&program, &shown_reference(&page), "no text: twilio: no such number");
    assert!(refused.contains(&id), "{refused}");
    story(&program, &id, "no text: twilio: no such number (code 21211");
    for reference in ["00000000", "0123456789abcdef01234567"] {
        let (code, said) = program.command(&["attempt", reference, FILE]);
        assert!(code == Some(1) && said.contains("no attempt has the reference"), "{said}");
    }
    let (code, said) = program.command(&["attempt", "UUU", FILE]);
    assert!(code == Some(2) && said.contains("no reference: eight letters and digits"), "{said}");
}

#[test]
fn a_history_that_is_not_wanted_is_not_kept_and_a_drain_writes_what_is_left() {
    let change = ("[store]\n", "[store]\nattempt_history = \"0s\"\n");
    let program = Program::changed("info", &[change]);
    asked(&program);
    let id = attempt_of(&program);
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(program.said(&["attempt", &id, FILE]).0, Some(1));

    let mut program = Program::start("info");
    program.browser().sign_in("/orders", ADA, &program.texts).is(200);
    let id = attempt_of(&program);
    program.signal("TERM");
    program.wait_for_end();
    let (code, said) = program.said(&["attempt", &id, FILE]);
    assert!(code == Some(0) && said.contains("is signed in"), "{said}");
}
