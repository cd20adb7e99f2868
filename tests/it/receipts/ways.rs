//! What becomes of calls and of messages by WhatsApp.
use std::time::Duration;

use axum::http::request::Parts;
use serde_json::{Value, json};

use super::{news, settle, settle_after, tell, tell_at, wait_for_news};
use crate::support::browser::{Browser, code_in};
use crate::support::gate::wait_for;
use crate::support::http::{Answer, exchange};
use crate::support::provider::{FakeProvider, Reply, Taken, Text, Vendor};
use crate::support::settings::{ADA, BOB};
use crate::support::twilio::AUTH_TOKEN;
use crate::support::twilio::receipts::signed_call;
use crate::support::ways::{Ways, other_way, pairs, ways};
use crate::support::words::word;

const COOL_DOWN: Duration = Duration::from_secs(33);

/// Somebody who was texted asks for a call instead.
fn called(Ways { gate, calls, .. }: &Ways) -> (Browser, Answer) {
    let mut ada = gate.browser();
    let number = ada.visit("/");
    let page = ada.give_number(&number, ADA).is(200);
    gate.texts.text(1);
    gate.pass(COOL_DOWN);
    let form = other_way(&page);
    let answer = ada.post("/.doorcode/resend", &pairs(&form)).is(303);
    let page = ada.follow(answer).is(200).says(&word("code_voice"));
    calls.text(1);
    (ada, page)
}

/// Twilio tells how a call went, at the URL that it was asked to.
fn tell_of_call(port: u16, taken: &Taken, status: &str) -> Answer {
    let url = taken.callback.as_ref().expect("a callback");
    exchange(port, &signed_call(url, &taken.id, status, AUTH_TOKEN))
}

#[test]
fn a_call_that_nobody_answers_is_told_and_rings_no_second_time() {
    for status in ["no-answer", "busy", "failed", "canceled"] {
        let ways = ways(&[]);
        let (mut ada, page) = called(&ways);
        let Ways { gate, calls, whatsapp } = &ways;
        assert_eq!(news(&mut ada, &page), (String::new(), 4));
        let taken = calls.taken(1);
        let place = format!("{}/.doorcode/sms/receipt/twilio_voice", gate.origin);
        assert_eq!(taken.callback.as_deref(), Some(&*place));
        tell_of_call(gate.port, &taken, "ringing").is(200);
        // Twice, and once as if it had been answered before.
        tell_of_call(gate.port, &taken, status).is(200);
        tell_of_call(gate.port, &taken, status).is(200);
        assert_eq!(wait_for_news(&mut ada, &page, &word("news_not_answered")), 0, "{status}");
        tell_of_call(gate.port, &taken, "in-progress").is(200);
        gate.pass(Duration::from_mins(1));
        settle(gate);
        let all = (calls.requests(), gate.texts.requests(), whatsapp.requests());
        assert_eq!(all, (1, 1, 0), "{status}");
        assert!(news(&mut ada, &page).0.contains(&word("news_not_answered")), "{status}");
    }
}

#[test]
fn of_a_call_that_was_answered_nothing_is_said() {
    let ways = ways(&[]);
    let (mut ada, page) = called(&ways);
    let Ways { gate, calls, .. } = &ways;
    // A call is not late.
    gate.pass(Duration::from_secs(40));
    assert_eq!(news(&mut ada, &page), (String::new(), 4));
    tell_of_call(gate.port, &calls.taken(1), "completed").is(200);
    wait_for("the last news", || (news(&mut ada, &page) == (String::new(), 0)).then_some(()));
    let code = code_in(&gate.texts.text(1).body);
    let done = ada.give_code(&page, &code);
    ada.finish(done).is(200);
}

/// The text before it arrives after all: that the call is not answered is told all the same.
#[test]
fn what_becomes_of_a_text_says_nothing_of_the_call_after_it() {
    let ways = ways(&[]);
    let (mut ada, page) = called(&ways);
    let Ways { gate, calls, .. } = &ways;
    tell(gate, 1, "delivered", None).is(200);
    settle(gate);
    assert_eq!(news(&mut ada, &page), (String::new(), 4));
    tell_of_call(gate.port, &calls.taken(1), "busy").is(200);
    assert_eq!(wait_for_news(&mut ada, &page, &word("news_not_answered")), 0);
}

/// Somebody whose code comes by WhatsApp.
fn messaged(ways: &Ways) -> (Browser, Answer) {
    let mut bob = ways.gate.browser();
    let number = bob.visit("/");
    let page = bob.give_number(&number, BOB).is(200).says(&word("code_whatsapp"));
    ways.whatsapp.text(1);
    (bob, page)
}

#[test]
fn a_message_by_whatsapp_is_late_and_arrives() {
    let ways = ways(&[]);
    let (mut bob, page) = messaged(&ways);
    let gate = &ways.gate;
    gate.pass(Duration::from_secs(29));
    assert_eq!(news(&mut bob, &page), (String::new(), 4));
    gate.pass(Duration::from_secs(1));
    assert_eq!(wait_for_news(&mut bob, &page, &word("news_late_whatsapp")), 4);
    let taken = ways.whatsapp.taken(1);
    tell_at(gate.port, &taken, "delivered", None).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, &word("news_arrived_whatsapp")), 0);
    for status in ["read", "sent", "undelivered"] {
        tell_at(gate.port, &taken, status, None).is(200);
    }
    settle_after(gate, &taken);
    assert!(news(&mut bob, &page).0.contains(&word("news_arrived_whatsapp")));
}

/// Bird, as far as these tests go.
struct AnyBird;

impl Vendor for AnyBird {
    fn check(&self, _: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let to = text(&body["receiver"]["contacts"][0]["identifierValue"]);
        let body = text(&body["template"]["parameters"][0]["value"]);
        Ok(Text { to, sender: String::new(), body, validity: None })
    }

    fn accepted(&self, _: &Text) -> Reply {
        Reply::json(202, &json!({ "id": "5f0c7a0b-0f6a-4d2f-9f0e", "status": "accepted" }))
    }

    fn slow_down(&self) -> Reply {
        Reply::json(429, &json!({}))
    }
}

/// WhatsApp by Twilio first, and then by Bird.
fn with_bird(bird: &FakeProvider) -> Ways {
    let uuid = "ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318";
    let table = format!(
        "[sms.messagebird_whatsapp]\naccess_key = \"env:TOKEN\"\nworkspace_id = \"{uuid}\"\n\
         channel_id = \"{uuid}\"\nproject_id = \"{uuid}\"\nlocales = [\"en\"]\nbase_url = \"{}\"\n\
         [sms.twilio_whatsapp]\n",
        bird.base_url()
    );
    ways(&[
        ("\"twilio_whatsapp\"]", "\"twilio_whatsapp\", \"messagebird_whatsapp\"]"),
        ("[sms.twilio_whatsapp]\n", &table),
    ])
}

#[test]
fn what_whatsapp_does_not_deliver_by_one_provider_the_next_one_sends_once_and_never_a_text() {
    let bird = FakeProvider::of(Box::new(AnyBird));
    let ways = with_bird(&bird);
    let (mut bob, page) = messaged(&ways);
    let gate = &ways.gate;
    let code = ways.whatsapp.text(1).body;
    let taken = ways.whatsapp.taken(1);
    tell_at(gate.port, &taken, "undelivered", Some(63_041)).is(200);
    tell_at(gate.port, &taken, "undelivered", Some(63_041)).is(200);
    let message = bird.text(1);
    assert_eq!((message.to.as_str(), &message.body), (BOB, &code));
    wait_for("the last news", || (news(&mut bob, &page).1 == 0).then_some(()));
    assert_eq!(news(&mut bob, &page).0, "", "the page says that it is on its way");
    assert_eq!((ways.whatsapp.requests(), bird.requests(), gate.texts.requests()), (1, 1, 0));
    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
}

#[test]
fn a_number_that_whatsapp_does_not_have_is_told_and_not_tried_by_others() {
    let bird = FakeProvider::of(Box::new(AnyBird));
    let ways = with_bird(&bird);
    let (mut bob, page) = messaged(&ways);
    tell_at(ways.gate.port, &ways.whatsapp.taken(1), "undelivered", Some(63_024)).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, &word("channel_failed")), 0);
    assert_eq!((bird.requests(), ways.gate.texts.requests()), (0, 0));
}
