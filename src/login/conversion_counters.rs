use std::time::Duration;

use super::attempt::MAX_LIFETIME;
use super::limiter::Limiter;
use super::limits::{CONVERSION_PAUSES, LimitDef, LimitScope};
use crate::domain::{CounterKey, Country, PhoneNumber};
use crate::store::{Increment, StoreError, TakeOutcome};
use crate::system::Timestamp;

const HOUR: Duration = Duration::from_hours(1);
/// For each of [`CONVERSION_PAUSES`]: sent in an hour, sent a moment ago, used in an hour; with a proof
/// sent in an hour, and a moment ago.
const COUNTERS_EACH: usize = 5;
/// Codes of the last minutes may still be used.
const UNDECIDED: Duration = MAX_LIFETIME;

/// Texts to strangers in the last hour, but for those that may yet be used, and how many were used.
#[derive(Clone, Copy)]
pub(super) struct Conversion {
    pub(super) sent: u32,
    pub(super) used: u32,
    /// Those of the texts that somebody showed a proof for.
    pub(super) proved: u32,
}

impl Conversion {
    pub(super) fn is_below(self, percent: u32) -> bool {
        u64::from(self.used) * 100 < u64::from(self.sent) * u64::from(percent)
    }
}

impl Limiter {
    /// Counts a text to a stranger: what there was before it, for each of [`CONVERSION_PAUSES`].
    /// Nothing in the first minutes of a process, which does not know what was sent a moment ago.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn count_sent(
        &self,
        (phone, is_proved): (&PhoneNumber, bool),
        now: Timestamp,
    ) -> Result<Vec<Conversion>, StoreError> {
        let of = |pause: &LimitDef| {
            let [sent, used, proved] = [&b"sent"[..], b"used", b"proved"]
                .map(|what| self.conversion_key(what, pause, phone));
            let n = u32::from(is_proved);
            let hour = [(sent, HOUR, 1), (sent, UNDECIDED, 1), (used, HOUR, 0)];
            let of_proved = [(proved, HOUR, n), (proved, UNDECIDED, n)];
            hour.into_iter().chain(of_proved).map(boundless)
        };
        let counts: Vec<Increment> = CONVERSION_PAUSES.iter().flat_map(of).collect();
        let TakeOutcome::Taken(counted) = self.counters.take(&counts, now).await? else {
            return Ok(Vec::new());
        };
        let first = self.first_text.get_or_init(|| now);
        if now.since(*first) < UNDECIDED {
            return Ok(Vec::new());
        }
        let so_far: Vec<u32> = counted.left.iter().map(|left| u32::MAX - left).collect();
        let conversions = so_far.chunks_exact(COUNTERS_EACH).map(|counted| Conversion {
            sent: counted[0].saturating_sub(counted[1]),
            used: counted[2],
            proved: counted[3].saturating_sub(counted[4]),
        });
        Ok(conversions.collect())
    }

    /// Counts a code that was used.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn count_used(
        &self,
        phone: &PhoneNumber,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counts = CONVERSION_PAUSES
            .each_ref()
            .map(|pause| boundless((self.conversion_key(b"used", pause, phone), HOUR, 1)));
        self.counters.take(&counts, now).await.map(drop)
    }

    /// Begins a pause, or notes that few codes are used; `false`: that was done within the hour.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn is_new_alarm(
        &self,
        pause: &LimitDef,
        phone: &PhoneNumber,
        paused: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let check =
            if paused { self.pause_check(pause, phone) } else { self.alarm_check(pause, phone) };
        let alarm = Increment::mark(check.key, check.window);
        Ok(matches!(self.counters.take(&[alarm], now).await?, TakeOutcome::Taken(_)))
    }

    /// Whether it was not told within the hour that few codes are used. Until then strangers are asked
    /// for a proof.
    pub(super) fn alarm_check(&self, pause: &LimitDef, phone: &PhoneNumber) -> Increment {
        Increment::unmarked(self.conversion_key(b"told", pause, phone), HOUR)
    }

    /// Whether there is no pause.
    pub(super) fn pause_check(&self, pause: &LimitDef, phone: &PhoneNumber) -> Increment {
        Increment::unmarked(self.conversion_key(b"paused", pause, phone), pause.window)
    }

    fn conversion_key(&self, what: &[u8], pause: &LimitDef, phone: &PhoneNumber) -> CounterKey {
        let country = phone.country();
        let of = match pause.scope {
            LimitScope::NumberBlock => phone.block(),
            _ => country.as_ref().map_or("", Country::as_str),
        };
        self.digest(&[what, pause.key.as_bytes(), of.as_bytes()])
    }
}

/// An increment that always has room.
const fn boundless((key, window, n): (CounterKey, Duration, u32)) -> Increment {
    Increment { key, window, most: u32::MAX, n, spacing: None }
}
