//! What a code is good for, for how long, and how often it may be guessed.
use std::time::Duration;

use crate::support::browser::{Browser, code_in, flow_of, unlike, wait_on};
use crate::support::gate::Gate;
use crate::support::http::{Answer, storm};
use crate::support::settings::{ADA, BOB};
use crate::support::tables::sessions;
use crate::support::words::{tries_left, word, word_with};

const EXPIRED: &str = "That code has expired";
const DIED: &str = "Too many wrong codes were typed";

/// Asks for `target` and gives a number; the page that asks for the code, and the newest code.
#[track_caller]
pub(super) fn begin(
    gate: &Gate,
    browser: &mut Browser,
    target: &str,
    phone: &str,
) -> (Answer, String) {
    let number = browser.visit(target).is(200).says("name=\"phone\"");
    let page = browser.give_number(&number, phone).is(200).says("name=\"code\"");
    (page, newest_code(gate))
}

#[track_caller]
fn newest_code(gate: &Gate) -> String {
    code_in(&gate.texts.text(gate.texts.messages().len().max(1)).body)
}

#[track_caller]
fn assert_signs_in(gate: &Gate, browser: &mut Browser, page: &Answer, code: &str) {
    let before = gate.app.count();
    let answer = browser.give_code(page, code).is(303);
    browser.finish(answer).is(200).says("the app: ");
    assert_eq!(gate.app.count(), before + 1);
}

#[track_caller]
fn assert_nobody_is_signed_in(gate: &Gate, browser: &mut Browser) {
    assert_eq!(browser.cookie("doorcode"), None);
    browser.get("/orders").is(303);
    assert_eq!(gate.app.count(), 0);
    assert_eq!(gate.count(sessions::ALL), 0);
}

#[test]
fn the_last_try_counts() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));
    let page = browser.guess(&page, &unlike(&code, 1)).says(&tries_left("1"));
    assert_signs_in(&gate, &mut browser, &page, &code);
}

#[test]
fn three_wrong_codes_end_the_right_one_and_a_new_start_makes_another() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    browser.guess(&page, &unlike(&code, 0));
    browser.guess(&page, &unlike(&code, 1));
    browser.guess(&page, &unlike(&code, 2)).says(DIED).says("name=\"phone\"");
    let number = browser.guess(&page, &code).says("name=\"phone\"");
    assert_nobody_is_signed_in(&gate, &mut browser);

    let page =
        browser.give_number(&number, ADA).is(200).says(&word_with("code_sent", &[("count", "6")]));
    let second = newest_code(&gate);
    assert_ne!(second, code);
    // The fourth of five wrong codes for this number.
    browser.guess(&page, &code).says(&tries_left("1"));
    assert_signs_in(&gate, &mut browser, &page, &second);
}

#[test]
fn the_same_wrong_code_takes_one_try_however_often_it_is_sent() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    for _ in 0..10 {
        browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));
    }
    assert_signs_in(&gate, &mut browser, &page, &code);
}

#[test]
fn a_code_works_for_its_lifetime_and_not_a_moment_longer() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    assert_eq!(gate.texts.text(1).validity, Some(300));
    gate.pass(Duration::from_mins(5));
    browser.guess(&page, &code).says(EXPIRED).says("name=\"phone\"");
    assert_nobody_is_signed_in(&gate, &mut browser);
    browser.visit("/.doorcode/code?flow=x").is(400);

    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", BOB);
    gate.pass(Duration::from_mins(5).saturating_sub(Duration::from_millis(1)));
    assert_signs_in(&gate, &mut browser, &page, &code);
}

#[test]
fn sending_again_sends_the_same_code_and_gives_no_tries_back() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));

    let page = browser.resend(&page).is(200).says("You can ask for the code again in");
    let wait = wait_on(&page);
    assert!((27..=33).contains(&wait.as_secs()), "half a minute, give or take a tenth: {wait:?}");
    let page = page.says(&format!("again in {} seconds.", wait.as_secs()));
    gate.pass(wait.saturating_sub(Duration::from_secs(1)));
    let page = browser.resend(&page).is(200);
    let page = page.says(&word_with("resend_not_yet", &[("count", "1")]));
    assert_eq!(gate.texts.requests(), 1, "not before the wait that was told has passed");

    gate.pass(Duration::from_secs(1));
    let sent = browser.post("/.doorcode/resend", &[("flow", &flow_of(&page))]).is(303);
    let address = browser.here(sent.location());
    let page = browser.get(&address).is(200).says(&word("resent_sent"));
    browser.get(&address).is(200).never_says(&word("resent_sent"));
    let second = gate.texts.text(2);
    assert_eq!((code_in(&second.body), second.validity), (code.clone(), Some(300)));

    browser.guess(&page, &unlike(&code, 1)).says(&tries_left("1"));
    browser.guess(&page, &unlike(&code, 2)).says(DIED);
    browser.guess(&page, &code).says("name=\"phone\"");
    assert_nobody_is_signed_in(&gate, &mut browser);
}

#[test]
fn no_code_lives_longer_than_ten_minutes_however_often_it_is_sent() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    gate.pass(Duration::from_secs(270));
    let page = browser.resend(&page).is(200);
    gate.pass(Duration::from_secs(210));
    let page = browser.resend(&page).is(200).says("2 minutes");
    let late = gate.texts.text(3);
    assert_eq!((code_in(&late.body), late.validity), (code.clone(), Some(120)));

    gate.pass(Duration::from_secs(61));
    let page = browser.resend(&page).is(200);
    assert_eq!(gate.texts.text(4).validity, Some(300));
    assert_ne!(newest_code(&gate), code, "too little is left: a new attempt");
    assert_signs_in(&gate, &mut browser, &page, &newest_code(&gate));
}

#[test]
fn a_double_click_on_the_number_sends_one_text() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let flow = crate::support::browser::flow_of(&number);
    let form = [("flow", flow.as_str()), ("phone", ADA)];
    let click = browser.request("POST", "/.doorcode/login", &[], Some(&form));
    let answers = storm(gate.port, &vec![click; 20]);
    let pages: Vec<Answer> = answers.into_iter().map(|a| browser.follow(a.is(303))).collect();
    assert_eq!(gate.texts.requests(), 1);
    for page in &pages {
        assert!(page.text().contains("name=\"code\""), "{page}");
    }
    assert_signs_in(&gate, &mut browser, &pages[7], &newest_code(&gate));
}

#[test]
fn a_code_may_be_typed_with_spaces_and_in_other_scripts() {
    for (zero, gap) in [('0', " "), ('0', "-"), ('\u{660}', ""), ('\u{6f0}', "\u{200f}")] {
        let gate = Gate::start();
        let mut browser = gate.browser();
        let (page, code) = begin(&gate, &mut browser, "/", ADA);
        let digit = |c: char| char::from_u32(u32::from(zero) + c.to_digit(10).expect("a digit"));
        let typed: String = code.chars().filter_map(digit).collect();
        let middle = typed.char_indices().nth(3).expect("six digits").0;
        let (left, right) = typed.split_at(middle);
        assert_signs_in(&gate, &mut browser, &page, &format!(" {left}{gap}{right} "));
    }
}

#[test]
fn a_code_of_the_wrong_length_takes_no_try() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    for typed in ["", " ", "12345", "1234567", "12345x", "'; --", &"9".repeat(5000)] {
        browser.guess(&page, typed).says(&word_with("code_wrong_length", &[("count", "6")]));
    }
    browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));
    browser.guess(&page, &unlike(&code, 1)).says(&tries_left("1"));
    assert_signs_in(&gate, &mut browser, &page, &code);
}

#[test]
fn a_code_is_of_no_use_at_another_browser() {
    let gate = Gate::start();
    let (mut hers, mut thief) = (gate.browser(), gate.browser());
    let (page, code) = begin(&gate, &mut hers, "/", ADA);

    let mut nobody = gate.browser();
    let answer = nobody.give_code(&page, &code).is(303);
    nobody.follow(answer).is(400).says(&word("no_cookie_title"));
    thief.visit("/");
    let answer = thief.give_code(&page, &code).is(303);
    thief.follow(answer).is(200).says(&word("number_timed_out")).never_says("555");
    gate.pass(Duration::from_secs(34));
    let (own_page, own_code) = begin(&gate, &mut thief, "/", ADA);
    assert_ne!(own_code, code);
    thief.guess(&own_page, &code).says(&tries_left("2"));
    assert_nobody_is_signed_in(&gate, &mut thief);

    assert_signs_in(&gate, &mut hers, &page, &code);
}

#[test]
fn a_code_is_of_no_use_for_another_number() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (_, hers) = begin(&gate, &mut browser, "/", ADA);
    let (page, his) = begin(&gate, &mut browser, "/", BOB);
    browser.guess(&page, &hers).says(&tries_left("2"));
    assert_signs_in(&gate, &mut browser, &page, &his);
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(BOB));
}

#[test]
fn two_tabs_share_a_code_and_keep_their_destinations() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (first, code) = begin(&gate, &mut browser, "/orders?tab=1", ADA);
    let (second, same) = begin(&gate, &mut browser, "/orders?tab=2", ADA);
    let (third, _) = begin(&gate, &mut browser, "/orders?tab=3", ADA);
    assert_eq!((gate.texts.requests(), &same), (1, &code));

    let one = browser.give_code(&first, &code).is(303);
    let token = browser.session();
    let two = browser.give_code(&second, &code).is(303);
    assert_eq!(browser.session(), token, "the same answer gets the same session");
    browser.finish(one).is(200).says("GET /orders?tab=1\n");
    browser.finish(two).is(200).says("GET /orders?tab=2\n");
    let flow = crate::support::browser::flow_of(&third);
    // It may have come there by a POST: a redirect would be stopped by its policy.
    let three = browser.get(&format!("/.doorcode/code?flow={flow}")).is(303);
    browser.finish(three).is(200).says("GET /orders?tab=3\n");
    assert_eq!(gate.count(sessions::ALL), 1);
}

#[test]
fn a_used_code_is_dead_after_a_minute_even_where_it_was_used() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    let mut copy = browser.clone();
    assert_signs_in(&gate, &mut browser, &page, &code);
    gate.pass(Duration::from_millis(60_001));
    copy.guess(&page, &code).says("name=\"phone\"");
    assert_eq!(copy.cookie("doorcode"), None);
}

#[test]
fn a_sealed_text_that_was_touched_or_is_old_opens_nothing() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let (page, code) = begin(&gate, &mut browser, "/", ADA);
    let flow = crate::support::browser::flow_of(&page);
    let mut touched: Vec<String> = (0..flow.len())
        .step_by(17)
        .map(|at| {
            let other = if &flow[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &flow[..at], &flow[at + 1..])
        })
        .collect();
    touched.extend([String::new(), flow[..40].to_owned(), format!("{flow}AAAA"), "A".repeat(6000)]);
    for sealed in &touched {
        let form = [("flow", sealed.as_str()), ("code", code.as_str())];
        let answer = browser.post("/.doorcode/code", &form).is(303);
        browser.follow(answer).is(400).says(&word("timed_out_title"));
        browser.get(&format!("/.doorcode/resume?flow={sealed}")).is(400);
    }
    gate.pass(Duration::from_mins(10));
    let answer = browser.give_code(&page, &code).is(303);
    browser.follow(answer).is(200).says(ADA).says(&word("number_timed_out"));
    assert_nobody_is_signed_in(&gate, &mut browser);
}
