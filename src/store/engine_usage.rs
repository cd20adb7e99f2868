use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::StoreError;
use crate::events::StoreFailure as _;

/// How an engine that is another process is doing.
#[derive(Debug, Default)]
pub struct EngineUsage {
    calls: AtomicU64,
    failures: AtomicU64,
    micros: AtomicU64,
    state: Mutex<EngineState>,
}

#[derive(Debug, Default)]
struct EngineState {
    /// When a call succeeded last.
    answered: Option<Instant>,
    outage: Option<EngineOutage>,
}

/// Since when an engine does not answer, and what the first call said that noticed it.
#[derive(Clone, Debug)]
pub struct EngineOutage {
    pub since: Instant,
    pub why: String,
}

/// A caller that gave up waiting says no less than an error.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(1);

/// A call that is waited for.
struct WaitingCall<'u> {
    usage: &'u EngineUsage,
    start: Instant,
    is_done: bool,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        if !self.is_done && self.start.elapsed() >= GIVEN_UP_AFTER {
            self.usage.note_outage(self.start, &StoreError::Silent);
        }
    }
}

impl EngineUsage {
    /// Counts a call, its time and its failure.
    pub(super) async fn measure<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let mut waiting = WaitingCall { usage: self, start, is_done: false };
        let result = call.await;
        waiting.is_done = true;
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        match &result {
            Ok(_) => {
                *self.state() = EngineState { answered: Some(Instant::now()), outage: None };
            }
            Err(error) if error.is_outage() => self.note_outage(start, error),
            Err(_) => {}
        }
        result
    }

    /// A call that began at `start` got no answer. Others that did meanwhile show that the engine is
    /// there, and only busy.
    fn note_outage(&self, start: Instant, error: &StoreError) {
        let mut state = self.state();
        let is_there = state.answered.is_some_and(|answered| answered > start);
        if !is_there && state.outage.is_none() {
            state.outage = Some(EngineOutage { since: start, why: error.to_string() });
        }
    }

    /// `None`: it answered the latest call.
    pub fn outage(&self) -> Option<EngineOutage> {
        self.state().outage.clone()
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// The time that all calls took together, waits for a connection included.
    pub fn milliseconds(&self) -> u64 {
        self.micros.load(Ordering::Relaxed) / 1000
    }

    fn state(&self) -> MutexGuard<'_, EngineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::EngineUsage;
    use crate::store::StoreError;

    async fn call(usage: &EngineUsage, result: Result<(), StoreError>) {
        drop(usage.measure(async { result }).await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_lasts_from_the_first_call_without_an_answer_to_the_next_with_one() {
        let (usage, second) = (EngineUsage::default(), std::time::Duration::from_secs(1));
        call(&usage, Ok(())).await;
        call(&usage, Err(StoreError::OtherVersion)).await;
        assert!(usage.outage().is_none(), "it answered, with an error");
        tokio::time::advance(second).await;
        let start = tokio::time::Instant::now();
        for _ in 0..3 {
            call(&usage, Err(StoreError::Silent)).await;
            tokio::time::advance(second).await;
        }
        let outage = usage.outage().unwrap();
        assert_eq!((outage.since, outage.why), (start, StoreError::Silent.to_string()));
        call(&usage, Ok(())).await;
        assert!(usage.outage().is_none());
        // One that nobody waits for any longer.
        for (seconds, is_noted) in [(0, false), (2, true)] {
            let never = usage.measure(std::future::pending::<Result<(), _>>());
            drop(tokio::time::timeout(second * seconds, never).await);
            assert_eq!(usage.outage().is_some(), is_noted);
        }
        call(&usage, Ok(())).await;
        // One that waited in vain while another was answered: it is busy.
        tokio::time::advance(second).await;
        let slow = usage.measure(async {
            tokio::time::sleep(second).await;
            call(&usage, Ok(())).await;
            tokio::time::sleep(second).await;
            Err::<(), _>(StoreError::Silent)
        });
        assert!(slow.await.is_err());
        assert!(usage.outage().is_none());
    }
}
