use std::time::Duration;

use super::limiter::{LimitSubject, Limiter};
use crate::store::{Increment, StoreError, TakeOutcome};
use crate::system::Timestamp;

/// How long it is remembered that a puzzle was solved: longer than any is good, and long enough that a
/// restart does not forget it (`store::CounterStore`).
const SPENT: Duration = Duration::from_hours(1);

/// What decides whether a stranger is asked for a proof.
#[derive(Clone, Copy, Debug)]
pub(super) struct BeforeChallenge {
    /// Texts to the number since the last sign-in with it, within a day.
    pub(super) texts: u32,
}

impl Limiter {
    /// Notes that a puzzle was solved; `false`: it was before.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn spend_puzzle(
        &self,
        puzzle: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = self.digest(&[b"solved puzzle", puzzle.as_bytes()]);
        let once = Increment { key, window: SPENT, most: 1, n: 1, spacing: None };
        Ok(matches!(self.counters.take(&[once], now).await?, TakeOutcome::Taken(_)))
    }

    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn before_challenge(
        &self,
        subject: LimitSubject<'_>,
        now: Timestamp,
    ) -> Result<BeforeChallenge, StoreError> {
        let texts = Increment { n: 0, ..self.spacing_of(subject) };
        let counted = match self.counters.take(&[texts], now).await? {
            TakeOutcome::Taken(counted) => counted.left,
            // None of them has a maximum.
            TakeOutcome::Refused { .. } => Vec::new(),
        };
        let so_far = |at: usize| counted.get(at).map_or(0, |left| u32::MAX - left);
        Ok(BeforeChallenge { texts: so_far(0) })
    }
}
