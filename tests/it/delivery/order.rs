use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorcode::delivery::{Delivery, Failure};
use doorcode::system::{Clock, System, Timestamp};

use super::{closed_port, deliver, hasty, in_order, twilio};
use crate::support::provider::Outcome;
use crate::support::twilio::FakeTwilio;

/// A clock that goes only when told to.
pub(super) struct Still(AtomicI64);

impl Still {
    pub(super) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// Providers at these doubles, in this order, and the clock they are judged by.
pub(super) fn timed(fakes: &[&FakeTwilio]) -> (Delivery, Arc<Still>) {
    let clock = Arc::new(Still(AtomicI64::new(1_700_000_000_000)));
    let system = System::new(clock.clone(), System::real().random);
    (Delivery::new(fakes.iter().map(|fake| twilio(fake)).collect(), system), clock)
}

#[tokio::test]
async fn the_first_provider_that_takes_the_text_is_the_last_that_is_asked() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());

    let outcome = deliver(&in_order(vec![twilio(&first), twilio(&second)])).await;

    assert!(outcome.result.is_ok() && outcome.passed_over.is_empty());
    assert_eq!((first.messages().len(), second.requests()), (1, 0));
}

#[tokio::test]
async fn what_the_provider_is_to_blame_for_goes_to_the_next_and_is_told() {
    let rows = [
        (Outcome::Refuse(20003), Failure::Misconfigured),
        (Outcome::Refuse(21606), Failure::Misconfigured),
        (Outcome::Refuse(30034), Failure::Blocked),
        (Outcome::SlowDown(3), Failure::Overloaded),
        (Outcome::Garbage(500, "oops"), Failure::Broken),
        (Outcome::Failed(30002), Failure::Misconfigured),
    ];
    for (outcome, failure) in rows {
        let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
        first.script(outcome);

        let outcome = deliver(&in_order(vec![twilio(&first), twilio(&second)])).await;

        assert!(outcome.result.is_ok(), "{failure:?}");
        let told: Vec<Failure> = outcome.passed_over.iter().map(|error| error.failure).collect();
        assert_eq!(told, [failure]);
        assert_eq!((first.requests(), first.messages().len()), (1, 0), "{failure:?}");
        assert_eq!(second.messages().len(), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn a_provider_that_nobody_can_connect_to_is_passed_over() {
    let second = FakeTwilio::start();

    let outcome = deliver(&in_order(vec![hasty(&closed_port()), twilio(&second)])).await;

    assert!(outcome.result.is_ok());
    assert_eq!(outcome.passed_over[0].failure, Failure::Unreachable);
}

#[tokio::test]
async fn fraud_countries_and_bad_numbers_never_reach_a_second_provider() {
    let codes = [30450, 30453, 60410, 60412, 21408, 21211, 21614, 21610, 60203, 21617];
    for code in codes {
        let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
        first.script(Outcome::Refuse(code));

        let outcome = deliver(&in_order(vec![twilio(&first), twilio(&second)])).await;

        assert_eq!(outcome.result.map_err(|error| error.code), Err(Some(code)));
        assert_eq!((first.requests(), second.requests()), (1, 0), "{code}");
    }
}

#[tokio::test]
async fn a_text_that_may_have_been_sent_is_sent_by_nobody_else() {
    let rows = [
        Outcome::AcceptAndHangUp,
        Outcome::AcceptAfter(Duration::from_secs(30)),
        Outcome::Garbage(201, "<html>"),
        Outcome::Garbage(202, "{}"),
        Outcome::Garbage(502, "bad gateway"),
        Outcome::Garbage(504, "gateway timeout"),
    ];
    for row in rows {
        let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
        first.script(row.clone());

        let outcome = deliver(&in_order(vec![hasty(&first.base_url()), twilio(&second)])).await;

        assert_eq!(outcome.result.map_err(|error| error.failure), Err(Failure::Unclear), "{row:?}");
        assert_eq!((first.requests(), second.requests()), (1, 0), "{row:?}");
    }
}

#[tokio::test]
async fn when_all_fail_the_last_is_the_answer_and_the_others_are_told() {
    let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
    first.script(Outcome::Refuse(20003));
    second.script(Outcome::Garbage(503, ""));

    let outcome = deliver(&in_order(vec![twilio(&first), twilio(&second)])).await;

    assert_eq!(outcome.result.map_err(|error| error.failure), Err(Failure::Broken));
    assert_eq!(outcome.passed_over[0].code, Some(20003));
    assert_eq!((first.requests(), second.requests()), (1, 1));

    let nobody = deliver(&in_order(Vec::new())).await;
    assert_eq!(nobody.result.map_err(|error| error.failure), Err(Failure::Misconfigured));
}

#[tokio::test]
async fn sending_again_asks_a_provider_that_was_unwell_last_for_half_a_minute() {
    for unwell in [Outcome::AcceptAndHangUp, Outcome::Garbage(503, "")] {
        let (first, second) = (FakeTwilio::start(), FakeTwilio::start());
        let (delivery, clock) = timed(&[&first, &second]);
        first.script(unwell);

        deliver(&delivery).await;
        let before = (first.requests(), second.requests());
        deliver(&delivery).await;
        assert_eq!((first.requests(), second.requests()), (before.0, before.1 + 1));

        clock.pass(31);
        deliver(&delivery).await;
        assert_eq!((first.requests(), second.requests()), (before.0 + 1, before.1 + 1));
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it() {
    let fake = FakeTwilio::start();
    let (delivery, clock) = timed(&[&fake]);
    fake.script(Outcome::SlowDown(7));

    let first = deliver(&delivery).await.result.expect_err("refused");
    clock.pass(5);
    let second = deliver(&delivery).await.result.expect_err("not asked");
    assert_eq!(fake.requests(), 1);
    assert_eq!((first.failure, second.failure), (Failure::Overloaded, Failure::Overloaded));
    assert_eq!(first.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(second.retry_after, Some(Duration::from_secs(2)));

    clock.pass(2);
    assert!(deliver(&delivery).await.result.is_ok());
}

#[tokio::test]
async fn nobody_is_kept_waiting_for_longer_than_five_minutes() {
    let fake = FakeTwilio::start();
    let (delivery, clock) = timed(&[&fake]);
    fake.script(Outcome::SlowDown(86_400));

    deliver(&delivery).await;
    clock.pass(301);
    assert!(deliver(&delivery).await.result.is_ok());
}
