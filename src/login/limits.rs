use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::attempt::LONGEST_LIFE;
use crate::domain::{AttemptKey, CounterKey, Keyring, PhoneNumber, Subkey};
use crate::store::{Count, Counted, Counters, Spacing, StoreError, Take};
use crate::system::{System, Timestamp};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What is counted. Tries for one code are counted in their attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A number was posted that leads to a text, sent or suppressed.
    Start,
    Text,
    /// A login was begun that is not finished. Is over when its code can be no more.
    Attempt,
    WrongCode,
}

/// Whose count it is, and so what somebody is told who meets its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Number,
    /// An IPv4 address, or an IPv6 network of 64 bits, which is what one customer has.
    Address,
    /// One count for all.
    All,
}

/// One limit: so many in any span of `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key in `[limits]`, which says how many.
    pub key: &'static str,
    pub what: What,
    pub by: By,
    pub window: Duration,
}

const fn row(key: &'static str, what: What, by: By, window: Duration) -> Row {
    Row { key, what, by, window }
}

/// THE table of limits. Windows slide; see `store::Counters`.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("wrong_codes_per_number_15m", What::WrongCode, By::Number, Duration::from_mins(15)),
    row("wrong_codes_per_number_24h", What::WrongCode, By::Number, DAY),
    row("texts_per_number_1h", What::Text, By::Number, HOUR),
    row("texts_per_number_24h", What::Text, By::Number, DAY),
    row("starts_per_address_10m", What::Start, By::Address, MINUTE.saturating_mul(10)),
    row("starts_per_address_1h", What::Start, By::Address, HOUR),
    row("attempts_per_address", What::Attempt, By::Address, LONGEST_LIFE),
    row("texts_1h", What::Text, By::All, HOUR),
    row("texts_24h", What::Text, By::All, DAY),
];

/// The wait between two texts to a number: no count has an end here, each has to come later than
/// the one before. Its key says how much later the second is.
pub const WAIT: Row = row("first_wait", What::Text, By::Number, DAY);

/// `[limits]`: how much of everything.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For each of [`ROWS`].
    most: Vec<u32>,
    /// From the first text to a number to the next; doubles with each.
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

impl Limits {
    /// `most` tells what stands behind the key of a row; `None`: it is wrong.
    pub fn read(
        most: impl Fn(&'static str) -> Option<u32>,
        first_wait: Duration,
        longest_wait: Duration,
    ) -> Option<Self> {
        let most = ROWS.iter().map(|row| most(row.key)).collect::<Option<_>>()?;
        Some(Self { most, first_wait, longest_wait })
    }

    /// How many a row lets through in its window.
    pub fn most(&self, row: &Row) -> u32 {
        let found = ROWS.iter().position(|known| known.key == row.key);
        // The wait between two texts is no row: there is one text until it is over.
        found.and_then(|at| self.most.get(at)).copied().unwrap_or(1)
    }

    /// Rows that are never full, each with the row of the same that is full before it: one of a
    /// longer window that allows less.
    pub fn never_full(&self) -> Vec<[(&'static Row, u32); 2]> {
        let all = || ROWS.iter().zip(self.most.iter().copied());
        let before = |(row, most): (&'static Row, u32)| {
            let longer = all().find(|(other, less)| {
                (other.what, other.by) == (row.what, row.by)
                    && other.window > row.window
                    && *less < most
            });
            longer.map(|longer| [(row, most), longer])
        };
        all().filter_map(before).collect()
    }
}

/// There was too much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub row: &'static Row,
    pub retry_after: Duration,
}

/// What was taken, so that it can be given back.
pub(super) struct Taken {
    counts: Vec<Count>,
    counted: Counted,
    /// The least that one of the rows has left.
    pub(super) left: u32,
}

impl Taken {
    pub(super) fn at(&self) -> Timestamp {
        self.counted.at
    }
}

pub(super) enum Admission {
    Taken(Taken),
    Refused(Limited),
}

/// Starts of so many people go on at once, as far as they do not wait for the same turn.
const TURNS: usize = 64;

/// Counts what the rows of the table count. Outlives a change of configuration.
pub struct Limiter {
    counters: Arc<dyn Counters>,
    key: Subkey,
    turns: [Mutex<()>; TURNS],
}

/// Whose counts are meant.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) phone: &'a PhoneNumber,
    /// Of [`Limiter::source`].
    pub(super) source: CounterKey,
    /// Whether it is somebody who showed before that the number is theirs. They are counted
    /// apart, so that nobody else can use up what the number may have.
    pub(super) known: bool,
}

/// What is to be counted: so many of each. Zero only asks.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) what: &'a [(What, u32)],
    /// Whether a text among it has to wait for its turn. It makes others wait all the same.
    pub(super) waits: bool,
}

impl Limiter {
    /// Counts stand under the newest of the server's secrets: a new secret begins them anew.
    pub fn new(counters: Arc<dyn Counters>, keyring: &Keyring) -> Self {
        let key = keyring.subkeys("limits").swap_remove(0);
        Self { counters, key, turns: [const { Mutex::const_new(()) }; TURNS] }
    }

    /// Stands for an address, or the network that counts as one.
    pub(super) fn source(&self, address: IpAddr) -> CounterKey {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.digest(&[b"v4", &v4.octets()]),
            IpAddr::V6(v6) => self.digest(&[b"v6", &v6.octets()[..8]]),
        }
    }

    /// One start after the other for the same attempt: the second click of two takes nothing of
    /// what the first one took.
    pub(super) async fn turn(&self, key: AttemptKey) -> MutexGuard<'_, ()> {
        self.turns[usize::from(key.as_bytes()[0]) % TURNS].lock().await
    }

    /// Counts all that is wanted, or nothing when a row is full or it is too early for a text.
    pub(super) async fn take(
        &self,
        limits: &Limits,
        wanted: Wanted<'_>,
        subject: Subject<'_>,
        system: &System,
    ) -> Result<Admission, StoreError> {
        let (rows, mut counts) = self.counts(limits, wanted.what, subject);
        let texts = wanted.what.iter().find(|(what, _)| *what == What::Text);
        if let Some((_, n)) = texts {
            let waits = wanted.waits && !subject.phone.is_test();
            let spacing = spacing(limits, waits, system);
            counts.push(Count { n: *n, spacing: Some(spacing), ..self.waits(subject) });
        }
        Ok(match self.counters.take(&counts, system.now()).await? {
            Take::Taken(counted) => {
                let left = counted.left.iter().copied().min().unwrap_or(0);
                Admission::Taken(Taken { counts, counted, left })
            }
            Take::Refused { which, retry_after } => {
                // After the rows only the waits come.
                let row = rows.get(which).copied().unwrap_or(&WAIT);
                Admission::Refused(Limited { row, retry_after })
            }
        })
    }

    /// Whether it is too early for another text, whatever else there is too much of.
    pub(super) async fn is_waiting(
        &self,
        limits: &Limits,
        subject: Subject<'_>,
        system: &System,
    ) -> Result<bool, StoreError> {
        let spacing = Some(spacing(limits, !subject.phone.is_test(), system));
        let asked = Count { n: 0, spacing, ..self.waits(subject) };
        let take = self.counters.take(&[asked], system.now()).await?;
        Ok(matches!(take, Take::Refused { .. }))
    }

    /// What was taken did not happen.
    pub(super) async fn give_back(&self, taken: &Taken) -> Result<(), StoreError> {
        self.counters.give_back(&taken.counts, taken.at()).await
    }

    /// Somebody signed in with `phone`: the next text may come as soon as the first did, and the
    /// attempt is over. What else was counted stays.
    pub(super) async fn signed_in(
        &self,
        limits: &Limits,
        subject: Subject<'_>,
        counted: Timestamp,
    ) -> Result<(), StoreError> {
        let (_, attempts) = self.counts(limits, &[(What::Attempt, 1)], subject);
        self.counters.give_back(&attempts, counted).await?;
        for known in [false, true] {
            let waits = self.waits(Subject { known, ..subject });
            self.counters.clear(waits.key, waits.window).await?;
        }
        Ok(())
    }

    fn counts(
        &self,
        limits: &Limits,
        what: &[(What, u32)],
        subject: Subject<'_>,
    ) -> (Vec<&'static Row>, Vec<Count>) {
        // A text to a test number costs nothing and disturbs nobody: it is not sent.
        let free =
            |row: &Row| matches!(row.what, What::Start | What::Text) && subject.phone.is_test();
        let rows = ROWS.iter().zip(&limits.most).filter(|(row, _)| !free(row));
        let rows = rows.filter_map(|(row, most)| {
            let (_, n) = what.iter().find(|(what, _)| *what == row.what)?;
            let key = self.key(row, subject);
            Some((row, Count { key, window: row.window, most: *most, n: *n, spacing: None }))
        });
        rows.unzip()
    }

    fn key(&self, row: &Row, subject: Subject<'_>) -> CounterKey {
        let row_key = row.key.as_bytes();
        match row.by {
            By::Number => self.of_number(row_key, subject),
            By::All => self.digest(&[row_key]),
            By::Address => self.digest(&[row_key, subject.source.as_bytes()]),
        }
    }

    /// All texts of a day to a number since somebody signed in with it.
    fn waits(&self, subject: Subject<'_>) -> Count {
        let key = self.of_number(b"waits", subject);
        Count { key, window: DAY, most: u32::MAX, n: 1, spacing: None }
    }

    fn of_number(&self, what: &[u8], subject: Subject<'_>) -> CounterKey {
        let phone = subject.phone.e164().as_bytes();
        let whose: &[&[u8]] = if subject.known { &[what, phone, b"known"] } else { &[what, phone] };
        self.digest(whose)
    }

    fn digest(&self, parts: &[&[u8]]) -> CounterKey {
        CounterKey::keyed(&self.key, parts)
    }
}

/// `waits`: whether this text has to. The wait after it differs by a tenth at most, so that nobody
/// can be at the very moment when it ends.
fn spacing(limits: &Limits, waits: bool, system: &System) -> Spacing {
    let span = 2 * Spacing::MOST_JITTER.unsigned_abs() + 1;
    // 21 of 65,536: the few that come a little more often do not matter.
    let drawn = u16::from_be_bytes(system.random()) % u16::from(span);
    let jitter = i8::try_from(drawn).unwrap_or(0) - Spacing::MOST_JITTER;
    Spacing { first: limits.first_wait, longest: limits.longest_wait, jitter, waits }
}
