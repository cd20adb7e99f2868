use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Delivery, Failure, SendError};
use doorcode::events::{Event, EventSink};
use doorcode::system::System;

use super::order::{Still, timed};
use super::{deliver, twilio};
use crate::support::provider::Outcome;
use crate::support::twilio::FakeTwilio;

const BROKEN: Outcome = Outcome::Garbage(503, "");

/// Opens the breaker of the first of two providers.
async fn open(first: &FakeTwilio, delivery: &Delivery, clock: &Still) {
    for _ in 0..5 {
        clock.pass(31);
        first.script(BROKEN);
        assert!(deliver(delivery).await.result.is_ok());
    }
    assert_eq!(first.requests(), 5);
}

#[tokio::test]
async fn a_provider_that_failed_five_times_in_a_row_is_not_asked_while_another_can() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    open(&first, &delivery, &clock).await;
    // The text of the last one may have been sent.
    for outcome in [Outcome::AcceptAfter(Duration::ZERO), Outcome::AcceptAndHangUp] {
        second.script(outcome);
        deliver(&delivery).await;
    }
    assert_eq!((first.requests(), second.requests()), (5, 7));
}

#[tokio::test]
async fn one_that_does_not_know_its_credentials_is_one_that_fails() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    for asked in 1..=5 {
        clock.pass(31);
        first.script(Outcome::Refuse(20_003));
        for _ in 0..2 {
            assert!(deliver(&delivery).await.result.is_ok());
        }
        assert_eq!(first.requests(), asked, "the next text asks the other one first");
    }
    clock.pass(31);
    assert!(deliver(&delivery).await.result.is_ok());
    assert_eq!((first.messages().len(), second.requests()), (1, 10));
}

#[tokio::test]
async fn it_is_asked_last_when_all_others_surely_sent_nothing() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    open(&first, &delivery, &clock).await;
    second.script(BROKEN);

    let outcome = deliver(&delivery).await;

    assert!(outcome.result.is_ok(), "{outcome:?}");
    assert_eq!((first.messages().len(), second.messages().len()), (1, 5));
    // It is well, and the first again.
    assert!(deliver(&delivery).await.result.is_ok());
    assert_eq!((first.messages().len(), second.requests()), (2, 6));
}

#[tokio::test]
async fn one_that_was_asked_last_and_failed_is_probed_when_it_would_have_been() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    open(&first, &delivery, &clock).await;
    for _ in 0..4 {
        clock.pass(7);
        first.script(BROKEN);
        second.script(BROKEN);
        let outcome = deliver(&delivery).await;
        assert_eq!(outcome.result.map_err(|error| error.failure), Err(Failure::Broken));
    }
    assert_eq!(first.requests(), 9);
    clock.pass(2);
    assert!(deliver(&delivery).await.result.is_ok());
    assert_eq!((first.messages().len(), first.requests()), (1, 10));
}

/// A provider that takes ten seconds for each answer, on the clock that providers are judged by.
struct Slow(Arc<dyn SmsProvider>, Arc<Still>);

#[async_trait]
impl SmsProvider for Slow {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        self.1.pass(10);
        self.0.send(message).await
    }
}

#[tokio::test]
async fn it_is_not_asked_for_a_text_that_nobody_waits_for_any_more() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (_, clock) = timed(&[]);
    let system = System::new(clock.clone(), System::real().random);
    let slow = Arc::new(Slow(twilio(&second), Arc::clone(&clock)));
    let delivery = Delivery::new(vec![twilio(&first), slow], system);
    open(&first, &delivery, &clock).await;
    second.script(BROKEN);

    assert!(deliver(&delivery).await.result.is_err());
    assert_eq!((first.requests(), second.requests()), (5, 6));
}

#[tokio::test]
async fn four_failures_and_an_answer_do_not_open_it() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    // A wrong number is an answer of a provider that is well.
    for outcome in [BROKEN, BROKEN, BROKEN, BROKEN, Outcome::Refuse(21211), BROKEN] {
        clock.pass(31);
        first.script(outcome);
        deliver(&delivery).await;
    }
    second.script(BROKEN);

    assert!(deliver(&delivery).await.result.is_ok());
    assert_eq!(first.messages().len(), 1);
}

#[tokio::test]
async fn after_half_a_minute_one_text_is_a_probe_and_closes_it() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    open(&first, &delivery, &clock).await;
    clock.pass(31);
    first.script(Outcome::AcceptAfter(Duration::from_secs(2)));

    let meanwhile = async {
        while first.requests() < 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        deliver(&delivery).await
    };
    let (probe, other) = tokio::join!(deliver(&delivery), meanwhile);
    assert!(probe.result.is_ok() && other.result.is_ok());
    assert_eq!((first.messages().len(), second.messages().len()), (1, 6));

    assert!(deliver(&delivery).await.result.is_ok());
    assert_eq!((first.messages().len(), second.messages().len()), (2, 6));
}

#[tokio::test]
async fn each_probe_that_fails_doubles_the_rest_up_to_five_minutes() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    open(&first, &delivery, &clock).await;
    for (at, rest) in [30, 60, 120, 240, 300, 300].into_iter().enumerate() {
        clock.pass(rest - 1);
        deliver(&delivery).await;
        assert_eq!(first.requests(), 5 + at, "after {rest} s");
        clock.pass(1);
        first.script(BROKEN);
        deliver(&delivery).await;
        assert_eq!(first.requests(), 6 + at, "after {rest} s");
    }
    assert_eq!(first.messages(), []);
}

#[tokio::test]
async fn the_only_provider_is_asked_however_often_it_failed() {
    let fake = FakeTwilio::start();
    let (delivery, _) = timed(&[&fake]);
    for _ in 0..7 {
        fake.script(BROKEN);
        assert!(deliver(&delivery).await.result.is_err());
    }
    assert_eq!(fake.requests(), 7);
    assert!(deliver(&delivery).await.result.is_ok());
}

#[tokio::test]
async fn a_provider_that_flaps_sends_no_text_twice() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    let mut accepted = 0;
    for n in 0..40 {
        clock.pass(7);
        if n % 3 != 0 {
            first.script(BROKEN);
        }
        accepted += usize::from(deliver(&delivery).await.result.is_ok());
        assert_eq!(first.messages().len() + second.messages().len(), accepted);
    }
    assert_eq!(accepted, 40);
}

/// The changes of breakers, in order.
#[derive(Default)]
struct Changes(Mutex<Vec<(String, bool, bool)>>);

impl EventSink for Changes {
    fn record(&self, event: &Event<'_>) {
        if let Event::ProviderBreaker { provider, is_open, alone } = event {
            self.0.lock().expect("changes").push(((*provider).to_owned(), *is_open, *alone));
        }
    }
}

#[tokio::test]
async fn each_change_is_told_once() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    let (delivery, clock) = timed(&[&first, &second]);
    let changes = Arc::<Changes>::default();
    let delivery = delivery.telling(Arc::clone(&changes) as _);
    open(&first, &delivery, &clock).await;
    // A probe that fails leaves it open.
    for outcome in [BROKEN, Outcome::AcceptAfter(Duration::ZERO)] {
        clock.pass(61);
        first.script(outcome);
        deliver(&delivery).await;
    }
    deliver(&delivery).await;
    let twilio = |is_open| ("twilio".to_owned(), is_open, false);
    assert_eq!(*changes.0.lock().expect("changes"), [twilio(true), twilio(false)]);
}
