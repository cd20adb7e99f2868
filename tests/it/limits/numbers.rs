//! Texts to one number, and texts in all.

use super::{
    BEHIND, DAY, HOUR, MINUTE, WAITS, defaults, ends_after, let_through, number, start_from,
    told_to_wait, use_up_the_hour,
};
use crate::support::browser::{code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::http::{Answer, storm};
use crate::support::settings::{ADA, BOB};

const TOO_MANY: &str = "Too many codes for this number";

/// Begins at a browser of its own.
#[track_caller]
fn start(gate: &Gate, phone: &str) -> Answer {
    start_from(&mut gate.browser(), "", phone)
}

#[track_caller]
fn texts(gate: &Gate, expected: usize) {
    // Texts go out in the background.
    gate.texts.text(expected);
    assert_eq!(gate.texts.requests(), expected);
}

#[test]
fn five_texts_an_hour_go_to_one_number_whoever_asks() {
    let gate = defaults(&[]);
    use_up_the_hour(&gate, || start(&gate, ADA));
    texts(&gate, 5);
    let wait = told_to_wait(&start(&gate, ADA), TOO_MANY);
    assert_eq!(wait + MINUTE * 11, HOUR);
    start(&gate, BOB).is(303);
    texts(&gate, 6);
    ends_after(&gate, wait, || start(&gate, ADA)).is(303);
    texts(&gate, 7);
}

#[test]
fn ten_texts_a_day_go_to_one_number_whoever_asks_and_signs_in() {
    let gate = defaults(&[]);
    for n in 0..10 {
        let mut browser = gate.browser();
        let answer = start_from(&mut browser, "", ADA).is(303);
        let page = browser.follow(answer);
        texts(&gate, n + 1);
        let code = code_in(&gate.texts.text(n + 1).body);
        browser.give_code(&page, &code).is(303);
        gate.pass(HOUR);
    }
    let wait = told_to_wait(&start(&gate, ADA), TOO_MANY);
    assert_eq!(wait + HOUR * 10, DAY);
    ends_after(&gate, wait, || start(&gate, ADA)).is(303);
}

#[test]
fn every_spelling_of_a_number_is_the_same_number() {
    let spellings = [
        "+12025550123",
        "+1 202 555 0123",
        "+1 (202) 555-0123",
        "001 202 555 0123",
        "tel:+12025550123",
        "+1.202.555.0123",
        "\u{ff0b}12025550123",
        "+1\u{a0}202\u{2011}555\u{2011}0123",
        "\u{200e}+12025550123\u{200e}",
        " +1/202/5550123 ",
        "+١٢٠٢٥٥٥٠١٢٣",
        "+\u{ff11}\u{ff12}\u{ff10}\u{ff12}\u{ff15}\u{ff15}\u{ff15}\u{ff10}\u{ff11}\u{ff12}\u{ff13}",
    ];
    let gate = defaults(&[BEHIND]);
    let mut taken = 0;
    for (n, spelling) in spellings.iter().enumerate() {
        let answer = start_from(&mut gate.browser(), &format!("192.0.2.{n}"), spelling);
        assert!(matches!(answer.status, 303 | 429), "{spelling}: {answer}");
        assert!(!answer.text().contains("aria-invalid"), "{spelling}: {answer}");
        taken += usize::from(answer.status == 303);
        texts(&gate, taken);
        gate.pass(WAITS.get(n).copied().unwrap_or_default());
    }
    assert_eq!(taken, 5);
    texts(&gate, 5);
}

#[test]
fn parallel_starts_never_exceed_a_limit_together() {
    let gate = defaults(&[]);
    let requests: Vec<Vec<u8>> = (0..40)
        .map(|_| {
            let mut browser = gate.browser();
            let flow = flow_of(&browser.visit("/"));
            let form = [("flow", flow.as_str()), ("phone", ADA)];
            browser.request("POST", "/.doorcode/login", &[], Some(&form))
        })
        .collect();
    let answers = storm(gate.port, &requests);
    assert_eq!(let_through(&answers), (1, 39));
    texts(&gate, 1);
}

#[test]
fn a_second_click_takes_nothing_and_is_never_refused() {
    let gate = defaults(&[("[login]", "[limits]\ntexts_per_number_1h = 1\n[login]")]);
    let mut browser = gate.browser();
    let flow = flow_of(&browser.visit("/"));
    let form = [("flow", flow.as_str()), ("phone", ADA)];
    let click = browser.request("POST", "/.doorcode/login", &[], Some(&form));
    for answer in storm(gate.port, &vec![click; 20]) {
        answer.is(303);
    }
    texts(&gate, 1);
    told_to_wait(&start(&gate, ADA), TOO_MANY);
}

#[test]
fn texts_in_all_are_limited_and_refusals_take_nothing() {
    let changed = ("[login]", "[limits]\nreserve = 0\ntexts_1h = 3\ntexts_24h = 4\n[login]");
    let gate = defaults(&[BEHIND, changed]);
    let ask = |n| start_from(&mut gate.browser(), &format!("192.0.2.{n}"), &number(n));
    (0..3).for_each(|n| drop(ask(n).is(303)));
    for n in 3..20 {
        assert_eq!(told_to_wait(&ask(n), "Too many people are signing in"), HOUR);
    }
    texts(&gate, 3);
    ends_after(&gate, HOUR, || ask(3)).is(303);
    let wait = told_to_wait(&ask(4), "Too many people are signing in");
    assert_eq!(wait + HOUR, DAY);
    texts(&gate, 4);
}
