use std::time::Duration;

use super::limiter::{LimitSubject, Limiter};
use super::limits::{CONVERSION_CHALLENGES, CONVERSION_PAUSES, RateLimited};
use crate::store::{Increment, StoreError, TakeOutcome};
use crate::system::Timestamp;

/// How long it is remembered that a puzzle was solved: longer than any is good, and long enough that a
/// restart does not forget it (`store::CounterStore`).
const SPENT: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What decides whether a stranger is asked for a proof.
#[derive(Clone, Copy, Debug)]
pub(super) enum BeforeChallenge {
    /// Few codes of the country are used, or of the block of numbers. With what refuses a program there.
    FewUsed(RateLimited),
    Counted {
        /// Texts to the number since the last sign-in with it, within a day.
        texts: u32,
        /// Of everybody within a day.
        codes: JudgedCodes,
    },
}

/// How many codes were wrong, and how many were right.
#[derive(Clone, Copy, Debug)]
pub(super) struct JudgedCodes {
    pub(super) wrong: u32,
    pub(super) right: u32,
}

impl JudgedCodes {
    /// Whether more than `most` were wrong, and more than a tenth of those that were right.
    pub(super) fn are_abnormal(self, most: u32) -> bool {
        self.wrong > most.max(self.right / 10)
    }
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
        let once = Increment::mark(key, SPENT);
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
        let [country, block] =
            CONVERSION_PAUSES.each_ref().map(|pause| self.alarm_check(pause, subject.phone));
        let [wrong, right] = [false, true].map(|right| self.codes(right));
        let [texts, wrong, right] = [self.spacing_of(subject), wrong, right]
            .map(|count| Increment { n: 0, most: u32::MAX, ..count });
        // The alarms first, in the order of their rows. Nothing else refuses.
        let counts = [country, block, texts, wrong, right];
        let left = match self.counters.take(&counts, now).await? {
            TakeOutcome::Taken(counted) => counted.left,
            TakeOutcome::Refused { which, retry_after } => {
                let row = CONVERSION_CHALLENGES.get(which).unwrap_or(&CONVERSION_CHALLENGES[0]);
                return Ok(BeforeChallenge::FewUsed(RateLimited { row, retry_after }));
            }
        };
        let so_far = |at: usize| left.get(at).map_or(0, |left| u32::MAX - left);
        let codes = JudgedCodes { wrong: so_far(3), right: so_far(4) };
        Ok(BeforeChallenge::Counted { texts: so_far(2), codes })
    }

    /// Counts a code that was judged.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn count_judged(&self, right: bool, now: Timestamp) -> Result<(), StoreError> {
        self.counters.take(&[self.codes(right)], now).await.map(drop)
    }

    /// Whether it is the first time within a day that too many codes are wrong.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn is_first_abnormal(&self, now: Timestamp) -> Result<bool, StoreError> {
        let key = self.digest(&[b"wrong codes of all", b"told"]);
        let told = Increment::mark(key, DAY);
        Ok(matches!(self.counters.take(&[told], now).await?, TakeOutcome::Taken(_)))
    }

    fn codes(&self, right: bool) -> Increment {
        let what: &[u8] = if right { b"right codes of all" } else { b"wrong codes of all" };
        let key = self.digest(&[what]);
        Increment { key, window: DAY, most: u32::MAX, n: 1, spacing: None }
    }
}
