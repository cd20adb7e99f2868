//! A text that did not arrive, and the same code by the next provider.
use std::time::Duration;

use super::{asked, both, gate_with, gateway, news, sent_again, settle, tell, wait_for_news};
use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::metrics::metric;
use crate::support::provider::{FakeProvider, Outcome};
use crate::support::settings::BOB;
use crate::support::tables::texts;

const AGAIN: &str = "The first text did not arrive.";
const FAILED: &str = "The text did not arrive.";
const REFUSED: &str = "t send a text to this number";
const COUNTRY: &str = "t send texts to numbers in this country";
const UNREACHED: &str = "t reach this phone.";
const BLOCKED: &str = "Our text to this number was blocked.";
const ARRIVED: &str = "The text has arrived at your phone.";
const LATE: &str = "is taking longer than usual";

#[test]
fn what_one_provider_does_not_deliver_the_next_one_sends_once() {
    let second = gateway();
    let gate = gate_with(&both(&second));
    let (mut bob, page) = asked(&gate);
    let page = page.is(200).says("data-news=");
    let code = code_in(&gate.texts.text(1).body);
    assert_eq!(news(&mut bob, &page), (String::new(), 4));
    assert_eq!(second.messages(), []);

    // Twice, as providers do.
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    let text = second.text(1);
    assert_eq!((text.to.as_str(), code_in(&text.body)), (BOB, code.clone()));
    // That gateway tells nothing, so that there is nothing more to wait for.
    wait_for("the last news", || (news(&mut bob, &page).1 == 0).then_some(()));
    assert!(news(&mut bob, &page).0.contains(AGAIN));
    // Without a script, the page itself says so.
    let reloaded = bob.get(&format!("/.doorcode/code?flow={}", super::flow_of(&page)));
    reloaded.is(200).says(AGAIN);
    settle(&gate);
    assert_eq!(sent_again(&gate), 1);
    assert_eq!((gate.texts.messages().len(), second.messages().len()), (1, 1));

    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
    assert_eq!((gate.texts.messages().len(), second.messages().len()), (1, 1));
}

/// Reasons that hold for every provider, and those that are not known.
#[test]
fn a_reason_that_holds_for_every_provider_is_no_reason_to_ask_the_next_one() {
    let second = gateway();
    let gate = gate_with(&both(&second));
    for (n, (code, said)) in [
        (21_610, "because one was answered with STOP"),
        (30_005, REFUSED),
        (30_006, REFUSED),
        (21_408, COUNTRY),
        (30_450, FAILED),
        (30_453, FAILED),
        // Twilio does not know whether these arrived.
        (30_046, FAILED),
        (30_410, FAILED),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut bob, page) = asked(&gate);
        tell(&gate, n + 1, "undelivered", Some(code)).is(200);
        assert_eq!(wait_for_news(&mut bob, &page, said), 0, "{code}");
        gate.pass(Duration::from_hours(1));
    }
    assert_eq!(second.messages(), []);
}

#[test]
fn a_text_that_is_sent_again_is_the_last_one() {
    // Both are asked to tell: the second is another Twilio by the same doubles.
    let gate = Gate::start();
    let (mut bob, page) = asked(&gate);
    tell(&gate, 1, "failed", Some(30_007)).is(200);
    // There is no other provider.
    assert_eq!(wait_for_news(&mut bob, &page, BLOCKED), 0);
    let code = code_in(&gate.texts.text(1).body);
    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
    assert_eq!(gate.texts.messages().len(), 1);
}

#[test]
fn whoever_asked_again_or_is_signed_in_gets_no_second_text_by_a_receipt() {
    let second = gateway();
    let gate = gate_with(&both(&second));
    let (mut bob, page) = asked(&gate);
    gate.texts.text(1);
    gate.pass(Duration::from_mins(1));
    let flow = super::flow_of(&page);
    let again = bob.post("/.doorcode/resend", &[("flow", &flow)]);
    let page = bob.follow(again);
    let code = code_in(&gate.texts.text(2).body);
    wait_for("both rows", || (gate.count(texts::ALL) == 2).then_some(()));
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    tell(&gate, 2, "sent", None).is(200);
    settle(&gate);
    assert_eq!((sent_again(&gate), second.messages()), (0, Vec::new()));
    assert_eq!(news(&mut bob, &page).0, "");

    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
    tell(&gate, 2, "undelivered", Some(30_008)).is(200);
    settle(&gate);
    assert_eq!((sent_again(&gate), second.messages()), (0, Vec::new()));
}

#[test]
fn a_delivered_text_is_said_and_nothing_moves_after_it() {
    let second = gateway();
    let gate = gate_with(&both(&second));
    let (mut bob, page) = asked(&gate);
    tell(&gate, 1, "queued", None).is(200);
    tell(&gate, 1, "delivered", None).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, ARRIVED), 0);
    // Out of order.
    tell(&gate, 1, "sent", None).is(200);
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    settle(&gate);
    assert!(news(&mut bob, &page).0.contains(ARRIVED));
    assert_eq!((sent_again(&gate), second.messages()), (0, Vec::new()));
}

#[test]
fn a_text_of_which_nothing_is_heard_is_late_and_may_still_arrive() {
    let gate = Gate::start();
    let (mut bob, page) = asked(&gate);
    gate.texts.text(1);
    gate.pass(Duration::from_secs(29));
    assert_eq!(news(&mut bob, &page), (String::new(), 4));
    gate.pass(Duration::from_secs(1));
    assert_eq!(wait_for_news(&mut bob, &page, LATE), 4);
    tell(&gate, 1, "delivered", None).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, ARRIVED), 0);
}

#[test]
fn a_receipt_of_a_refused_second_text_says_so() {
    let second = gateway();
    second.script(Outcome::Garbage(503, "down"));
    let gate = gate_with(&both(&second));
    let (mut bob, page) = asked(&gate);
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, FAILED), 0);
    assert_eq!((second.requests(), gate.texts.messages().len()), (1, 1));
}

#[test]
fn a_limit_that_is_reached_refuses_a_second_text_too() {
    let second = gateway();
    let mut changes = both(&second);
    changes.push(("texts_per_country_1h = 1000", "texts_per_country_1h = 1".to_owned()));
    let gate = gate_with(&changes);
    let (mut bob, page) = asked(&gate);
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, UNREACHED), 0);
    assert_eq!(second.requests(), 0);
}

fn budget_told(gate: &Gate, percent: &str) -> u64 {
    let labels = format!("{{limit=\"spend_per_country_1h\",percent=\"{percent}\"}}");
    metric(gate.admin, &format!("doorcode_budgets_used_total{labels}"))
}

/// Each text costs 1, and so many may be spent in an hour: what the first text and the second tell.
fn budgets_told_by(most: u32) -> (Gate, FakeProvider, [u64; 2]) {
    let second = gateway();
    let limits = format!("[limits]\nspend_per_country_1h = {most}\n");
    let mut changes = both(&second);
    changes.push(("[limits]\n", limits));
    changes.push(("[sms]\n", "[sms]\nprices.GB = \"1.00\"\n".to_owned()));
    let gate = gate_with(&changes);
    asked(&gate);
    gate.texts.text(1);
    let before = ["50", "100"].map(|percent| budget_told(&gate, percent));
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    (gate, second, before)
}

#[test]
fn a_text_that_is_sent_again_tells_of_the_budget_that_it_uses_up() {
    let (gate, second, before) = budgets_told_by(3);
    assert_eq!(before, [0, 0]);
    second.text(1);
    wait_for("half of the budget", || (budget_told(&gate, "50") == 1).then_some(()));
    assert_eq!(budget_told(&gate, "100"), 0);
}

#[test]
fn a_text_that_no_money_is_left_for_is_not_sent_again_and_that_is_told() {
    let (gate, second, before) = budgets_told_by(1);
    assert_eq!(before, [1, 0]);
    wait_for("all of the budget", || (budget_told(&gate, "100") == 1).then_some(()));
    assert_eq!((budget_told(&gate, "50"), second.messages().len()), (1, 0));
}
