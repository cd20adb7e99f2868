use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::sms::{Message, Receipt, SmsProvider};
use super::{Failure, SendError};
use crate::system::{System, Timestamp};

/// How long a failing provider is tried after the others. Long enough that the next "send again"
/// uses another one, short enough that the configured order soon applies again.
const DEMOTION: Duration = Duration::from_secs(30);

/// How long an overloaded provider is not called if it sends no `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// Upper bound of a provider's `Retry-After`.
const MAX_PAUSE: Duration = Duration::from_mins(5);

/// Tries the providers in the configured order until one accepts the text. Never sends two.
pub struct Delivery {
    providers: Vec<Ranked>,
    system: System,
}

/// The result of sending one text, and the errors on the way: operators must learn that the first
/// provider is down even if the second delivers.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<Receipt, SendError>,
    pub passed_over: Vec<SendError>,
}

impl Delivery {
    pub fn new(providers: Vec<Arc<dyn SmsProvider>>, system: System) -> Self {
        Self { providers: providers.into_iter().map(Ranked::new).collect(), system }
    }

    pub async fn send(&self, message: &Message<'_>) -> Outcome {
        let mut passed_over = Vec::new();
        for ranked in self.in_order() {
            match self.ask(ranked, message).await {
                Err(error) if error.fails_over() => passed_over.push(error),
                result => {
                    return Outcome { result, passed_over };
                }
            }
        }
        let last = passed_over.pop();
        let error = last.unwrap_or_else(|| SendError::new("no provider", Failure::Misconfigured));
        Outcome { result: Err(error), passed_over }
    }

    /// The configured order, with demoted providers at its end. Computed before the first call: a
    /// provider that fails now must not be tried a second time as a demoted one.
    fn in_order(&self) -> Vec<&Ranked> {
        let now = self.system.steady();
        let (mut order, demoted): (Vec<_>, Vec<_>) =
            self.providers.iter().partition(|ranked| !ranked.is_demoted(now));
        order.extend(demoted);
        order
    }

    async fn ask(&self, ranked: &Ranked, message: &Message<'_>) -> Result<Receipt, SendError> {
        if let Some(wait) = ranked.paused_for(self.system.steady()) {
            let paused = SendError::new(ranked.provider.name(), Failure::Overloaded);
            return Err(SendError { retry_after: Some(wait), ..paused });
        }
        let result = ranked.provider.send(message).await;
        if let Err(error) = &result {
            ranked.record(error, self.system.steady());
        }
        result
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|ranked| ranked.provider.name())).finish()
    }
}

/// A provider, and until when it is tried last (demoted) or not at all (paused), in milliseconds
/// since 1970.
struct Ranked {
    provider: Arc<dyn SmsProvider>,
    demoted_until: AtomicI64,
    paused_until: AtomicI64,
}

impl Ranked {
    fn new(provider: Arc<dyn SmsProvider>) -> Self {
        Self { provider, demoted_until: AtomicI64::new(0), paused_until: AtomicI64::new(0) }
    }

    fn record(&self, error: &SendError, now: Timestamp) {
        if error.demotes() {
            self.demoted_until.store((now + DEMOTION).as_millis(), Ordering::Relaxed);
        }
        if error.failure == Failure::Overloaded {
            let pause = error.retry_after.unwrap_or(DEFAULT_PAUSE).min(MAX_PAUSE);
            self.paused_until.store((now + pause).as_millis(), Ordering::Relaxed);
        }
    }

    fn is_demoted(&self, now: Timestamp) -> bool {
        now.as_millis() < self.demoted_until.load(Ordering::Relaxed)
    }

    fn paused_for(&self, now: Timestamp) -> Option<Duration> {
        let until = Timestamp::from_millis(self.paused_until.load(Ordering::Relaxed));
        Some(until.since(now)).filter(|wait| !wait.is_zero())
    }
}
