//! What the code page says about the text, and that it is true.
use std::time::Duration;

use crate::support::browser::{code_in, flow_of};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;
use crate::support::provider::Outcome;
use crate::support::settings::ADA;
use crate::support::words::{word, word_with};

const DOWN: &str = "We can’t send texts right now";
const REFUSED: &str = "We couldn’t send a text to this number";

/// Status and sentence for each of Twilio's codes.
const TOLD: [(u16, &str, &[u32]); 7] = [
    (
        200,
        "code_refused",
        &[
            21211, 21217, 21265, 21266, 21401, 21421, 21614, 21635, 30005, 30006, 30014, 60205,
            63024,
        ],
    ),
    (200, "code_opted_out", &[21610]),
    (200, "code_not_reached", &[30003, 30008, 30036]),
    (200, "code_too_many", &[60202, 60203, 60212]),
    (200, "code_country", &[21203, 21215, 21408]),
    (200, "code_blocked", &[30004, 30007, 30032, 30034, 30038]),
    (
        503,
        "code_provider_down",
        &[
            20003, 20429, 21212, 21602, 21603, 21606, 21608, 21611, 21612, 21617, 21703, 21705,
            21219, 21264, 21618, 21659, 21717, 21730, 21900, 30022, 30041, 30454, 30474, 21999,
            30001, 30002, 30450, 30453, 60410, 60412, 20404, 20001,
        ],
    ),
];

/// The page that comes after a number whose text meets `outcome`.
fn page_after(gate: &Gate, outcome: Outcome) -> Answer {
    // Past the second for which a provider that is overloaded is left alone, and past the longest
    // wait for the next text.
    gate.pass(Duration::from_mins(36));
    gate.texts.script(outcome);
    let mut browser = gate.browser();
    let number = browser.visit("/").is(200);
    let asked = gate.texts.requests();
    let form = [("flow", &*flow_of(&number)), ("phone", ADA)];
    let answer = browser.post("/.doorcode/login", &form);
    // The page waits two seconds for the outcome, which are not the provider's to use up.
    wait_for("the request at the provider", || (gate.texts.requests() > asked).then_some(()));
    browser.follow(answer)
}

#[track_caller]
fn claims_nothing(page: &Answer, code: u32) {
    for claim in ["We sent", "We’ve sent", "We’re sending", "It works for"] {
        assert!(!page.text().contains(claim), "{code}: `{claim}` in {page}");
    }
    assert!(
        page.text().contains("+1 202-555-0123")
            && page.text().contains(&word("code_different_number"))
    );
}

#[test]
fn no_page_claims_that_a_text_was_sent_when_twilio_refused_it() {
    // Of so many texts no code is used.
    let unwatched = "[limits]\nconversion_warn_below = 0\nconversion_pause_below = 0\n";
    let gate = Gate::changed(&[("[limits]\n", unwatched)]);
    let told = TOLD
        .iter()
        .flat_map(|(status, key, codes)| codes.iter().map(move |code| (*code, *status, word(key))));
    for (code, status, said) in told {
        for outcome in [Outcome::Refuse(code), Outcome::Failed(code)] {
            let page = page_after(&gate, outcome);
            assert_eq!(page.status, status, "{code}: {page}");
            assert!(page.text().contains(&said), "{code}: {page}");
            claims_nothing(&page, code);
        }
    }
    assert_eq!(gate.texts.messages(), []);
}

#[test]
fn where_nothing_was_sent_there_is_no_code_to_type() {
    let gate = Gate::start();
    for (code, status) in [(30002, 503), (21211, 200), (21610, 200), (21408, 200)] {
        let page = page_after(&gate, Outcome::Refuse(code)).is(status);
        let page = page.says(&word("code_title_unsent")).says(&word("try_again"));
        let page = page.says(&word("code_different_number")).says("/resend\"");
        let page = page.never_says("name=\"code\"").never_says(&word("resend_text"));
        let page = page.never_says(&word("code_safety")).never_says(&word("resend_heading"));
        assert_eq!(page.text().contains("START"), code == 21610, "{code}: {page}");
    }
}

#[test]
fn who_opted_out_is_told_which_number_to_text_where_there_is_one() {
    let from = ("messaging_service_sid = \"", "from = \"+12025550188\" # \"");
    let gate = Gate::changed(&[from]);
    let page = page_after(&gate, Outcome::Refuse(21610)).is(200);
    page.says(&word("code_start_number")).says("+1 202-555-0188");
}

#[test]
fn the_code_of_an_earlier_text_can_be_typed_although_the_next_one_failed() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    let code = code_in(&gate.texts.text(1).body);
    gate.pass(Duration::from_secs(33));
    gate.texts.script(Outcome::Garbage(503, ""));
    let answer = browser.post("/.doorcode/resend", &[("flow", &*flow_of(&page))]).is(303);
    let page = browser.follow(answer).is(503).says(DOWN).says("name=\"code\"");
    let page = page.says(&word("code_unsent_again")).never_says("We sent");
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}

#[test]
fn a_try_that_comes_too_early_is_told_so_in_the_title_too() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    gate.texts.script(Outcome::Garbage(503, ""));
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(503);
    let answer = browser.post("/.doorcode/resend", &[("flow", &*flow_of(&page))]).is(303);
    let page = browser.follow(answer).is(503).says("<title>Error: ");
    page.says("You can ask for the code again in ").never_says("name=\"code\"");
}

#[test]
fn a_text_that_may_have_been_sent_is_neither_claimed_nor_denied() {
    let gate = Gate::start();
    gate.texts.script(Outcome::AcceptAndHangUp);
    gate.texts.script(Outcome::Garbage(502, ""));
    gate.texts.script(Outcome::Garbage(201, ""));
    std::thread::scope(|scope| {
        for phone in ["+12025550123", "+12025550124", "+12025550125"] {
            let gate = &gate;
            scope.spawn(move || {
                let mut browser = gate.browser();
                let number = browser.visit("/");
                let page = browser
                    .give_number(&number, phone)
                    .is(200)
                    .says(&word_with("code_unclear", &[("count", "6")]))
                    .says("name=\"code\"");
                page.never_says("We sent")
                    .never_says("We’re sending")
                    .never_says(DOWN)
                    .never_says(REFUSED);
            });
        }
    });
    assert_eq!((gate.texts.requests(), gate.texts.messages().len()), (3, 1));
}

#[test]
fn a_slow_provider_keeps_nobody_waiting_and_the_page_learns_the_outcome() {
    let gate = Gate::start();
    // Seconds after the page gave up waiting for it, and before the provider is given up.
    gate.texts.script(Outcome::AcceptAfter(Duration::from_secs(6)));
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser
        .give_number(&number, ADA)
        .is(200)
        .says(&word_with("code_sending", &[("count", "6")]));
    let reload = format!("/.doorcode/code?flow={}", flow_of(&page));
    wait_for("word of the outcome", || {
        let page = browser.get(&reload).is(200).text();
        page.contains(&word_with("code_sent", &[("count", "6")])).then_some(())
    });
    assert_eq!(gate.texts.requests(), 1, "a look at the page sends nothing");
}

#[test]
fn a_provider_that_comes_back_sends_the_same_code_and_the_page_says_so() {
    let gate = Gate::start();
    gate.texts.script(Outcome::Garbage(503, ""));
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(503).says(DOWN);
    gate.pass(Duration::from_secs(33));
    let form = [("flow", &*flow_of(&page))];
    let answer = browser.post("/.doorcode/resend", &form).is(303);
    let page = browser.follow(answer).is(200).says(&word("resent_sent"));
    let code = code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}
