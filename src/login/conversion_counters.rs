use std::time::Duration;

use super::attempt::MAX_LIFETIME;
use super::limiter::Limiter;
use super::limits::{CONVERSION_PAUSES, LimitDef, LimitScope};
use crate::domain::{CounterKey, Country, PhoneNumber};
use crate::store::{Increment, StoreError, TakeOutcome};
use crate::system::Timestamp;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Codes of the last minutes may still be used.
const UNDECIDED: Duration = MAX_LIFETIME;

const SENT: &[u8] = b"sent";
/// Of the texts that were sent, those that somebody showed a proof for.
const PROVED: &[u8] = b"proved";
const USED: &[u8] = b"used";

/// The windows in which texts are judged, and what is counted in each. An hour shows an attack among the many
/// texts of a busy country; a day shows one that comes again when the limits of an hour are free, or that is
/// slow. Limits have windows of these lengths: each length has memory of its own.
const JUDGED: [Duration; 2] = [HOUR, DAY];
const OF_A_WINDOW: [&[u8]; 3] = [SENT, PROVED, USED];
/// Those of which the last minutes are left out.
const OF_A_TEXT: [&[u8]; 2] = [SENT, PROVED];

/// Texts in a window to people who were not known, but for those that may yet be used, and how many codes
/// were used.
#[derive(Clone, Copy)]
pub(super) struct Conversion {
    pub(super) window: Duration,
    pub(super) sent: u32,
    pub(super) proved: u32,
    pub(super) used: u32,
}

/// What follows where few codes are used, and whether strangers can be asked for proofs.
#[derive(Clone, Copy)]
pub(super) enum ConversionAlarm {
    Warning { challenged: bool },
    Pause { challenged: bool },
}

impl Limiter {
    /// What was counted for a number's country and block, in each of the windows, in the order of
    /// [`CONVERSION_PAUSES`]. Nothing in the first minutes of a process, which may not know what was sent a
    /// moment before it: the cells of nodes can be lost.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn conversions(
        &self,
        phone: &PhoneNumber,
        now: Timestamp,
    ) -> Result<Vec<Vec<Conversion>>, StoreError> {
        if now.since(self.began) < UNDECIDED {
            return Ok(Vec::new());
        }
        let of = |pause: &LimitDef| {
            let young = OF_A_TEXT.map(|what| (what, UNDECIDED)).into_iter();
            let judged =
                JUDGED.into_iter().flat_map(|window| OF_A_WINDOW.map(|what| (what, window)));
            let asked = young.chain(judged);
            let asked =
                asked.map(|(what, window)| (self.conversion_key(what, pause, phone), window, 0));
            asked.map(boundless).collect::<Vec<_>>()
        };
        let counts: Vec<Increment> = CONVERSION_PAUSES.iter().flat_map(of).collect();
        let TakeOutcome::Taken(counted) = self.counters.take(&counts, now).await? else {
            return Ok(Vec::new());
        };
        let so_far: Vec<u32> = counted.left.iter().map(|left| u32::MAX - left).collect();
        let each = OF_A_TEXT.len() + JUDGED.len() * OF_A_WINDOW.len();
        Ok(so_far.chunks_exact(each).map(conversions_of).collect())
    }

    /// Counts a text.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn count_sent(
        &self,
        (phone, is_proved): (&PhoneNumber, bool),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let what = if is_proved { &OF_A_TEXT[..] } else { &[SENT] };
        self.count_conversion(phone, (what, &[UNDECIDED, HOUR, DAY]), now).await
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
        self.count_conversion(phone, (&[USED], &JUDGED), now).await
    }

    async fn count_conversion(
        &self,
        phone: &PhoneNumber,
        (what, windows): (&[&[u8]], &[Duration]),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let keys = CONVERSION_PAUSES
            .iter()
            .flat_map(|pause| what.iter().map(|what| self.conversion_key(what, pause, phone)));
        let counts: Vec<Increment> = keys
            .flat_map(|key| windows.iter().map(move |window| boundless((key, *window, 1))))
            .collect();
        self.counters.take(&counts, now).await.map(drop)
    }

    /// Begins a pause, or notes that few codes are used; `false`: that was done within the hour, or there is a
    /// pause. What led to a pause leads to no second one.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn is_new_alarm(
        &self,
        alarm: ConversionAlarm,
        (pause, phone): (&LimitDef, &PhoneNumber),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let unpaused = self.pause_check(pause, phone);
        let (marked, led) = match alarm {
            ConversionAlarm::Warning { .. } => (self.alarm_check(pause, phone), None),
            ConversionAlarm::Pause { challenged: true } => (unpaused, Some(PROVED)),
            ConversionAlarm::Pause { challenged: false } => (unpaused, Some(SENT)),
        };
        let counts = [Increment::mark(marked.key, marked.window), unpaused];
        let is_new = matches!(self.counters.take(&counts, now).await?, TakeOutcome::Taken(_));
        if let Some(what) = led.filter(|_| is_new) {
            self.counters.clear(self.conversion_key(what, pause, phone), DAY).await?;
        }
        Ok(is_new)
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

/// The counts of one pause, in the order in which [`Limiter::conversions`] asks for them.
fn conversions_of(counted: &[u32]) -> Vec<Conversion> {
    let (young, windows) = counted.split_at(OF_A_TEXT.len());
    let windows = JUDGED.into_iter().zip(windows.chunks_exact(OF_A_WINDOW.len()));
    let of = |(window, counted): (Duration, &[u32])| Conversion {
        window,
        sent: counted[0].saturating_sub(young[0]),
        proved: counted[1].saturating_sub(young[1]),
        used: counted[2],
    };
    windows.map(of).collect()
}

/// An increment that always has room.
const fn boundless((key, window, n): (CounterKey, Duration, u32)) -> Increment {
    Increment { key, window, most: u32::MAX, n, spacing: None }
}
