use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Failure, SendError};
use crate::system::Timestamp;

/// How long a failing provider is tried after the others. Long enough that the next "send again"
/// uses another one, short enough that the configured order soon applies again.
const DEMOTION: Duration = Duration::from_secs(30);

/// How long an overloaded provider is not called if it sends no `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// Upper bound of a provider's `Retry-After`.
const MAX_PAUSE: Duration = Duration::from_mins(5);

/// Failures in a row that open the breaker of a provider.
const MOST_FAILURES: u32 = 5;

/// How long an open breaker stays so at first. Doubled with each probe that fails.
const FIRST_REST: Duration = Duration::from_secs(30);

/// Upper bound of that.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// How long a probe may take: longer than any time-out of a request.
const PROBE: Duration = Duration::from_secs(30);

/// Whether a provider is asked, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// In the configured order.
    Ready,
    /// After those that are ready: it failed a moment ago.
    Demoted,
    /// After all others: it failed several times in a row (an open circuit breaker).
    Open,
}

/// What the latest calls of a provider say about the next one.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Record>);

#[derive(Debug)]
struct Record {
    demoted_until: Timestamp,
    paused_until: Timestamp,
    /// Without a text accepted or refused for its own sake between them.
    failures: u32,
    /// The breaker is open until then; then one text is a probe.
    open_until: Option<Timestamp>,
    /// A probe is under way until then, at the latest.
    probed_until: Timestamp,
    rest: Duration,
}

impl Default for Record {
    fn default() -> Self {
        let never = Timestamp::from_millis(0);
        Self {
            demoted_until: never,
            paused_until: never,
            failures: 0,
            open_until: None,
            probed_until: never,
            rest: FIRST_REST,
        }
    }
}

impl Health {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn availability(&self, now: Timestamp) -> Availability {
        let record = self.record();
        if let Some(until) = record.open_until {
            // When it was open for long enough, the next text is a probe, in the provider's place.
            let is_open = now < until || now < record.probed_until;
            return if is_open { Availability::Open } else { Availability::Ready };
        }
        if now < record.demoted_until { Availability::Demoted } else { Availability::Ready }
    }

    /// For how long the provider wants to be left alone.
    pub(super) fn paused_for(&self, now: Timestamp) -> Option<Duration> {
        Some(self.record().paused_until.since(now)).filter(|wait| !wait.is_zero())
    }

    /// A text is about to be offered.
    pub(super) fn asked(&self, now: Timestamp) {
        let mut record = self.record();
        if record.open_until.is_some_and(|until| now >= until) {
            record.probed_until = now + PROBE;
        }
    }

    /// The provider answered for the text's sake: it accepted it, or it refused it as anybody would.
    /// Whether that closed the breaker.
    pub(super) fn answered(&self) -> bool {
        let mut record = self.record();
        record.failures = 0;
        record.rest = FIRST_REST;
        record.open_until.take().is_some()
    }

    /// Whether that opened the breaker, which a probe that failed leaves open.
    pub(super) fn failed(&self, error: &SendError, now: Timestamp) -> bool {
        let mut record = self.record();
        if error.failure == Failure::Overloaded {
            let pause = error.retry_after.unwrap_or(DEFAULT_PAUSE).min(MAX_PAUSE);
            record.paused_until = now + pause;
        }
        record.demoted_until = now + DEMOTION;
        record.failures = record.failures.saturating_add(1);
        if record.failures < MOST_FAILURES {
            return false;
        }
        let open_until = record.open_until;
        match open_until {
            // Asked since nobody else was left, and no probe: the next one comes when it would have.
            Some(until) if now < until => {}
            Some(_) => {
                record.rest = (record.rest * 2).min(LONGEST_REST);
                record.open_until = Some(now + record.rest);
            }
            None => record.open_until = Some(now + record.rest),
        }
        record.probed_until = now;
        open_until.is_none()
    }
}
