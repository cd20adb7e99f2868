use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::sms::{Message, Receipt, SmsProvider};
use super::{Failure, SendError};
use crate::system::{System, Timestamp};

/// How long a provider that was unwell is asked only after the others. Long enough that the next
/// press of "send again" goes elsewhere, short enough that the operator's order soon holds again.
const TIRED: Duration = Duration::from_secs(30);

/// How long an overloaded provider is left alone when it does not say.
const SHUT: Duration = Duration::from_secs(1);

/// The longest that a provider's `Retry-After` is believed.
const LONGEST_SHUT: Duration = Duration::from_mins(5);

/// Tries the providers in the operator's order until one takes the text. Never sends two.
pub struct Delivery {
    providers: Vec<Ranked>,
    system: System,
}

/// What became of one text, and what went wrong on the way: an operator must learn that the first
/// provider is down even when the second delivers.
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
        let nobody = || SendError::new("no provider", Failure::Misconfigured);
        Outcome { result: Err(passed_over.pop().unwrap_or_else(nobody)), passed_over }
    }

    /// The operator's order, with those that were unwell a moment ago at its end. Decided before
    /// anybody is asked: one that fails now must not come up again as one of those.
    fn in_order(&self) -> Vec<&Ranked> {
        let now = self.system.now();
        let (mut order, tired): (Vec<_>, Vec<_>) =
            self.providers.iter().partition(|ranked| !ranked.is_tired(now));
        order.extend(tired);
        order
    }

    async fn ask(&self, ranked: &Ranked, message: &Message<'_>) -> Result<Receipt, SendError> {
        if let Some(wait) = ranked.shut_for(self.system.now()) {
            let shut = SendError::new(ranked.provider.name(), Failure::Overloaded);
            return Err(SendError { retry_after: Some(wait), ..shut });
        }
        let result = ranked.provider.send(message).await;
        if let Err(error) = &result {
            ranked.note(error, self.system.now());
        }
        result
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|ranked| ranked.provider.name())).finish()
    }
}

/// A provider and until when it is asked last (tired) or not at all (shut), in milliseconds.
struct Ranked {
    provider: Arc<dyn SmsProvider>,
    tired_until: AtomicI64,
    shut_until: AtomicI64,
}

impl Ranked {
    fn new(provider: Arc<dyn SmsProvider>) -> Self {
        Self { provider, tired_until: AtomicI64::new(0), shut_until: AtomicI64::new(0) }
    }

    fn note(&self, error: &SendError, now: Timestamp) {
        if error.tires() {
            self.tired_until.store((now + TIRED).as_millis(), Ordering::Relaxed);
        }
        if error.failure == Failure::Overloaded {
            let pause = error.retry_after.unwrap_or(SHUT).min(LONGEST_SHUT);
            self.shut_until.store((now + pause).as_millis(), Ordering::Relaxed);
        }
    }

    fn is_tired(&self, now: Timestamp) -> bool {
        now.as_millis() < self.tired_until.load(Ordering::Relaxed)
    }

    fn shut_for(&self, now: Timestamp) -> Option<Duration> {
        let until = Timestamp::from_millis(self.shut_until.load(Ordering::Relaxed));
        Some(until.since(now)).filter(|wait| !wait.is_zero())
    }
}
