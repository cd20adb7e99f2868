//! A code that does not come by text, and takes another way.
use std::time::Duration;

use crate::support::browser::{between, code_in, flow_of};
use crate::support::gate::{Gate, wait_for};
use crate::support::metrics::{metric, wait_until};
use crate::support::provider::Outcome;
use crate::support::puzzle::{puzzle_of, solve};
use crate::support::settings::{ADA, RAISED};
use crate::support::ways::{Ways, other_way, pairs, ways};
use crate::support::words::word;

const COOL_DOWN: Duration = Duration::from_secs(33);
#[test]
fn whoever_gets_no_text_is_called_and_the_code_is_the_same() {
    let Ways { gate, calls, .. } = ways(&[]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200).says(&word("channel_voice"));
    let code = code_in(&gate.texts.text(1).body);
    gate.pass(COOL_DOWN);

    let form = other_way(&page);
    let answer = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    browser.follow(answer).is(200).says(&word("code_voice"));
    let call = calls.text(1);
    assert_eq!((call.to.as_str(), call.body), (ADA, format!("en-US: {code}")));
    assert_eq!((gate.texts.requests(), calls.requests()), (1, 1), "one message for one click");

    // A second click within the wait calls nobody; the way back is offered.
    let early = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    let page = browser.follow(early).is(200).says(&word("channel_sms")).never_says(&page_title());
    assert_eq!(calls.requests(), 1);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200).says("the app: GET /");
}

/// Of a page that has no code to type.
fn page_title() -> String {
    word("code_title_unsent")
}

#[test]
fn asking_again_takes_the_way_that_was_taken_last() {
    let Ways { gate, calls, .. } = ways(&[]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    let form = other_way(&page);
    gate.pass(COOL_DOWN);
    browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    calls.text(1);
    gate.pass(Duration::from_mins(3));
    browser.post("/.doorcode/resend", &[("flow", &*flow_of(&page))]).is(303);
    calls.text(2);
    assert_eq!(gate.texts.requests(), 1);
}

#[test]
fn a_country_has_an_order_of_its_own_and_no_other_channel_can_be_asked_for() {
    let Ways { gate, calls, whatsapp } = ways(&[]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, "+447400123456").is(200).says(&word("channel_sms"));
    let code = whatsapp.text(1).body;
    assert_eq!(gate.texts.requests(), 0);
    gate.pass(COOL_DOWN);
    let forged = [("flow", &*flow_of(&page)), ("channel", "voice")];
    browser.post("/.doorcode/resend", &forged).is(303);
    assert_eq!(whatsapp.text(2).body, code);
    gate.pass(Duration::from_mins(3));
    let form = other_way(&page);
    browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    assert_eq!((code_in(&gate.texts.text(1).body), calls.requests()), (code, 0));
}

#[test]
fn a_way_that_fails_is_not_claimed_and_the_next_one_is_offered() {
    let Ways { gate, whatsapp, .. } = ways(&[]);
    whatsapp.script(Outcome::Refuse(63024));
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, "+447400123456").is(200).says(&page_title());
    let page = page.says(&word("channel_failed")).says(&word("channel_sms"));
    gate.pass(COOL_DOWN);
    let form = other_way(&page);
    let answer = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    let page = browser.follow(answer).is(200).says("name=\"code\"");
    let code = code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}

#[test]
fn a_call_is_counted_as_a_text() {
    let limits = "[limits]\ntexts_per_number_1h = 2\nchallenge_after_texts = 1000\n";
    let Ways { gate, calls, .. } = ways(&[(RAISED, limits)]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    let form = other_way(&page);
    gate.pass(COOL_DOWN);
    browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    calls.text(1);
    gate.pass(Duration::from_mins(3));
    let refused = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    browser.follow(refused).is(429);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"texts_per_number_1h\"}", 1);
    assert_eq!((gate.texts.requests(), calls.requests()), (1, 1));
    let sent = |provider: &str| {
        let labels = format!("{{outcome=\"sent\",provider=\"{provider}\"}}");
        metric(gate.admin, &format!("doorcode_texts_total{labels}"))
    };
    assert_eq!((sent("twilio"), sent("twilio_voice")), (1, 1));
}

#[test]
fn where_there_are_only_texts_no_other_way_is_offered() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200).never_says("name=\"channel\"");
    gate.pass(COOL_DOWN);
    let forged = [("flow", &*flow_of(&page)), ("channel", "voice")];
    browser.post("/.doorcode/resend", &forged).is(303);
    gate.texts.text(2);
}

#[test]
fn the_way_is_kept_through_a_challenge() {
    let limits = RAISED.replace("challenge_after_texts = 1000", "challenge_after_texts = 1");
    let Ways { gate, calls, .. } = ways(&[(RAISED, &limits)]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    gate.texts.text(1);
    gate.pass(COOL_DOWN);
    let form = other_way(&page);
    let asked = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    let page = browser.follow(asked).is(200).says(&word("challenge_title"));
    assert_eq!(calls.requests(), 0, "nobody is called before");
    let text = page.text();
    let (flow, puzzle, bits) = puzzle_of(&text);
    let solved = solve(&puzzle, bits);
    let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*solved)];
    let action = between(&text, "<form method=\"post\" action=\"", "\"");
    let sent = browser.post(action, &form).is(303);
    browser.follow(sent).is(200).says(&word("code_voice"));
    calls.text(1);
    assert_eq!(gate.texts.requests(), 1);
}

/// A text costs 0.05, a call 0.90, and a block of numbers may cost 1.
#[test]
fn a_call_is_paid_for_by_its_own_price() {
    let limits = RAISED.replace("[limits]\n", "[limits]\nspend_per_number_block_1h = 1\n");
    let prices = "[sms.prices]\nUS = \"0.05\"\n[sms.voice_prices]\nUS = \"0.90\"\n[sms]\n";
    let Ways { gate, calls, .. } = ways(&[(RAISED, &limits), ("[sms]\n", prices)]);
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    gate.texts.text(1);
    let form = other_way(&page);
    gate.pass(COOL_DOWN);
    browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    calls.text(1);
    gate.pass(Duration::from_mins(3));
    let refused = browser.post("/.doorcode/resend", &pairs(&form)).is(303);
    browser.follow(refused).is(429);
    wait_until(gate.admin, "doorcode_limited_total{limit=\"spend_per_number_block_1h\"}", 1);
    // There is room for a text.
    let text = [("flow", &*form[0].1), ("channel", "sms")];
    browser.post("/.doorcode/resend", &text).is(303);
    gate.texts.text(2);
    assert_eq!(calls.requests(), 1);
    let price = "SELECT price FROM texts WHERE provider = 'twilio_voice'";
    let price = || sqlx::query_scalar::<_, i64>(price);
    let read = || gate.run(price().fetch_optional(&mut gate.database())).expect("a database");
    assert_eq!(wait_for("the row of the call", read), 900_000);
}
