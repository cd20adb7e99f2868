use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use super::addresses::LatestAddress;
use super::limits::{
    CONVERSION_PAUSES, LimitAction, LimitDef, LimitScope, LoginLimits, RateLimited, TEXT_SPACING,
};
use super::requester::{Requester, Standing};
use crate::domain::{AttemptKey, CounterKey, Country, Keyring, PhoneNumber, Subkey, TextChannel};
use crate::store::{Backoff, Counted, CounterStore, Increment, StoreError, TakeOutcome};
use crate::system::{System, Timestamp};

/// The window in which texts to a number are spaced.
const SPACING_WINDOW: Duration = Duration::from_hours(24);

/// Number of lock stripes: starts for different attempts run concurrently unless they hash to
/// the same stripe.
const LOCK_STRIPES: usize = 64;

/// What was counted, so that it can be released.
pub(super) struct Reservation {
    rows: Vec<&'static LimitDef>,
    /// Those of the rows; others may follow.
    counts: Vec<Increment>,
    counted: Counted,
    /// The smallest remainder of the limits involved.
    pub(super) remaining: u32,
}

impl Reservation {
    pub(super) fn at(&self) -> Timestamp {
        self.counted.at
    }

    /// What this used of limits that are told while there is room.
    pub(super) fn spent(&self) -> impl Iterator<Item = (&'static LimitDef, Spent)> {
        let counts = self.counts.iter().zip(&self.counted.left);
        let all = self.rows.iter().zip(counts);
        all.filter(|(row, (count, _))| !row.told_at().is_empty() && count.n > 0).map(
            |(row, (count, left))| {
                let after = count.most.saturating_sub(*left);
                (*row, Spent { before: after.saturating_sub(count.n), after })
            },
        )
    }
}

/// What was used up in the window of a limit, before a text and after it.
pub(super) struct Spent {
    pub(super) before: u32,
    pub(super) after: u32,
}

pub(super) enum Admission {
    Granted(Reservation),
    Refused(RateLimited),
}

/// What limits are keyed by.
#[derive(Clone, Copy)]
pub(super) struct LimitSubject<'a> {
    pub(super) phone: &'a PhoneNumber,
    pub(super) requester: &'a Requester,
    /// The language tag of the page, whose text it is that budgets pay for.
    pub(super) language: Option<&'a str>,
    /// The way of the message that they pay for.
    pub(super) channel: TextChannel,
}

/// What to count.
#[derive(Clone, Copy)]
pub(super) struct LimitRequest<'a> {
    /// How many of each action. Zero only checks whether there is room for one.
    pub(super) amounts: &'a [(LimitAction, u32)],
    /// Whether a text among them must keep its distance from the text before. It delays the next
    /// one in either case.
    pub(super) spaced: bool,
}

/// Applies the table of limits. Outlives a change of the configuration.
pub struct Limiter {
    pub(super) counters: Arc<dyn CounterStore>,
    key: Subkey,
    /// Of starts.
    pub(super) addresses: LatestAddress,
    /// When this was made: nodes may have lost counts of minutes from before.
    pub(super) began: Timestamp,
    start_locks: [Mutex<()>; LOCK_STRIPES],
}

impl Limiter {
    /// Counters are keyed under the newest server secret: a new secret resets them.
    pub fn new(counters: Arc<dyn CounterStore>, keyring: &Keyring, began: Timestamp) -> Self {
        let key = keyring.subkeys("limits").swap_remove(0);
        let start_locks = [const { Mutex::const_new(()) }; LOCK_STRIPES];
        Self { counters, key, addresses: LatestAddress::default(), began, start_locks }
    }

    /// Keyed digest of an IPv4 address or of the /64 network of an IPv6 address.
    pub(super) fn source_key(&self, address: IpAddr) -> CounterKey {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.digest(&[b"v4", &v4.octets()]),
            IpAddr::V6(v6) => self.digest(&[b"v6", &v6.octets()[..8]]),
        }
    }

    /// The network about an address, of a size that many customers share: IPv4 /24, IPv6 /48.
    fn block_key(&self, address: IpAddr) -> CounterKey {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.digest(&[b"v4 block", &v4.octets()[..3]]),
            IpAddr::V6(v6) => self.digest(&[b"v6 block", &v6.octets()[..6]]),
        }
    }

    /// What a requester's starts are counted by in the limits of an address. Those of known browsers
    /// and servers are not: nothing is counted by the key that they have instead, so that an attempt
    /// that holds it gives nothing back.
    pub(super) fn source_of(&self, requester: &Requester) -> CounterKey {
        match requester.standing {
            Standing::Stranger => self.source_key(requester.address),
            Standing::KnownBrowser | Standing::Server => {
                self.digest(&[b"no address", requester.who.as_bytes()])
            }
        }
    }

    /// Serialises starts of one attempt, so that the second click of a double click is not
    /// counted.
    pub(super) async fn lock_start(&self, key: AttemptKey) -> MutexGuard<'_, ()> {
        self.start_locks[usize::from(key.as_bytes()[0]) % LOCK_STRIPES].lock().await
    }

    /// Counts everything in `wanted`, or nothing if a limit is exceeded or a text comes too
    /// early.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn reserve(
        &self,
        limits: &LoginLimits,
        wanted: LimitRequest<'_>,
        subject: LimitSubject<'_>,
        system: &System,
    ) -> Result<Admission, StoreError> {
        let (mut rows, mut counts) = self.counts(limits, wanted.amounts, subject);
        let texts = wanted.amounts.iter().find(|(what, _)| *what == LimitAction::Text);
        if let Some((_, n)) = texts {
            if subject.requester.standing != Standing::KnownBrowser {
                for pause in &CONVERSION_PAUSES {
                    rows.push(pause);
                    counts.push(self.pause_check(pause, subject.phone));
                }
            }
            let waits = wanted.spaced && !subject.phone.is_test();
            let spacing = spacing(limits, waits, system);
            counts.push(Increment { n: *n, spacing: Some(spacing), ..self.spacing_of(subject) });
        }
        self.take((rows, counts), system).await
    }

    /// Takes all counts or none. The only one after those of `rows` is the spacing of texts.
    async fn take(
        &self,
        (rows, counts): (Vec<&'static LimitDef>, Vec<Increment>),
        system: &System,
    ) -> Result<Admission, StoreError> {
        Ok(match self.counters.take(&counts, system.steady()).await? {
            TakeOutcome::Taken(counted) => {
                let remaining = counted.left.iter().copied().min().unwrap_or(0);
                Admission::Granted(Reservation { rows, counts, counted, remaining })
            }
            TakeOutcome::Refused { which, retry_after } => {
                let row = rows.get(which).copied().unwrap_or(&TEXT_SPACING);
                Admission::Refused(RateLimited { row, retry_after })
            }
        })
    }

    /// Counts a text that is sent again: for its country, in total, and in their budgets. Not for its number
    /// or block, and it delays no other text: where only users are texted, that would tell who is one.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn reserve_again(
        &self,
        limits: &LoginLimits,
        subject: LimitSubject<'_>,
        system: &System,
    ) -> Result<Admission, StoreError> {
        let (rows, counts) = self.counts(limits, &[(LimitAction::Text, 1)], subject);
        let is_wide =
            |row: &LimitDef| matches!(row.scope, LimitScope::Country | LimitScope::Global);
        let wide = rows.into_iter().zip(counts).filter(|(row, _)| is_wide(row));
        self.take(wide.unzip(), system).await
    }

    /// Whether it is too early for another text to the number, whatever the limits say.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn must_wait(
        &self,
        limits: &LoginLimits,
        subject: LimitSubject<'_>,
        system: &System,
    ) -> Result<bool, StoreError> {
        let spacing = Some(spacing(limits, !subject.phone.is_test(), system));
        let question = Increment { n: 0, spacing, ..self.spacing_of(subject) };
        let take = self.counters.take(&[question], system.steady()).await?;
        Ok(matches!(take, TakeOutcome::Refused { .. }))
    }

    /// Whether this is the first time in the window of a row that its counter is at `percent`.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn is_first_in_window(
        &self,
        row: &LimitDef,
        percent: u8,
        subject: LimitSubject<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let counter = self.counter_key(row, subject);
        let key = self.digest(&[b"told", &[percent], counter.as_bytes()]);
        let told = Increment::mark(key, row.window);
        Ok(matches!(self.counters.take(&[told], now).await?, TakeOutcome::Taken(_)))
    }

    /// Releases a reservation whose action did not take place.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn release(&self, taken: &Reservation) -> Result<(), StoreError> {
        self.counters.give_back(&taken.counts, taken.at()).await
    }

    /// After a sign-in with `phone`: the wait between texts starts over, and the attempt no
    /// longer counts as unfinished. Other counts stay.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn reset_after_sign_in(
        &self,
        limits: &LoginLimits,
        phone: &PhoneNumber,
        (source, counted): (CounterKey, Timestamp),
    ) -> Result<(), StoreError> {
        let unfinished = |(row, _): &(&LimitDef, _)| row.action == LimitAction::Attempt;
        let attempts = limits.rows().filter(unfinished).map(|(row, most)| {
            let key = self.digest(&[row.key.as_bytes(), source.as_bytes()]);
            Increment { key, window: row.window, most, n: 1, spacing: None }
        });
        self.counters.give_back(&attempts.collect::<Vec<_>>(), counted).await?;
        for standing in [Standing::Stranger, Standing::KnownBrowser] {
            let waits = self.spacing_count(phone, standing);
            self.counters.clear(waits.key, waits.window).await?;
        }
        Ok(())
    }

    /// Counts `n` actions of a client at an address; zero only checks whether there is room for one.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn count_of_client(
        &self,
        limits: &LoginLimits,
        (what, n): (LimitAction, u32),
        (client, source): (&str, CounterKey),
        now: Timestamp,
    ) -> Result<Option<RateLimited>, StoreError> {
        let own = |row: &LimitDef| row.action == what && row.scope == LimitScope::ClientAtAddress;
        let (rows, counts): (Vec<_>, Vec<_>) = limits
            .rows()
            .filter(|(row, _)| own(row))
            .map(|(row, most)| {
                let parts = [row.key.as_bytes(), source.as_bytes(), client.as_bytes()];
                let key = self.digest(&parts);
                (row, Increment { key, window: row.window, most, n, spacing: None })
            })
            .unzip();
        Ok(match self.counters.take(&counts, now).await? {
            TakeOutcome::Taken(_) => None,
            TakeOutcome::Refused { which, retry_after } => {
                rows.get(which).copied().map(|row| RateLimited { row, retry_after })
            }
        })
    }

    fn counts(
        &self,
        limits: &LoginLimits,
        amounts: &[(LimitAction, u32)],
        subject: LimitSubject<'_>,
    ) -> (Vec<&'static LimitDef>, Vec<Increment>) {
        let mut rows = Vec::new();
        let mut counts = Vec::new();
        // By the address a start with a proof is counted apart.
        let proved = amounts.iter().any(|(what, _)| *what == LimitAction::ProvedStart);
        for (row, most) in limits.rows_for(subject.requester) {
            if proved && row.is_before_proof() {
                continue;
            }
            // A text to a test number is not sent: it costs nothing and reaches nobody.
            if matches!(row.action, LimitAction::Start | LimitAction::Text | LimitAction::Spend)
                && subject.phone.is_test()
            {
                continue;
            }
            let (counted, each) = match row.action {
                LimitAction::Spend => {
                    let segments = match subject.channel {
                        TextChannel::Sms => limits.segments.of(subject.language),
                        TextChannel::WhatsApp | TextChannel::Voice => 1,
                    };
                    let price = limits.prices.price_of(subject.phone, subject.channel);
                    (LimitAction::Text, price.saturating_mul(segments))
                }
                other => (other, 1),
            };
            let amount = amounts.iter().find(|(what, _)| *what == counted);
            let Some((_, n)) = amount.filter(|_| each > 0) else { continue };
            let n = n.saturating_mul(each);
            // A question counts nothing, and asks for room for the whole of one.
            let most = if n == 0 { most.saturating_sub(each - 1) } else { most };
            let key = self.counter_key(row, subject);
            rows.push(row);
            counts.push(Increment { key, window: row.window, most, n, spacing: None });
        }
        (rows, counts)
    }

    fn counter_key(&self, row: &LimitDef, subject: LimitSubject<'_>) -> CounterKey {
        let LimitSubject { phone, requester, .. } = subject;
        let by = |key: CounterKey| self.digest(&[row.key.as_bytes(), key.as_bytes()]);
        match row.scope {
            LimitScope::Number => self.number_key(row.key.as_bytes(), phone, requester.standing),
            LimitScope::NumberBlock => self.digest(&[row.key.as_bytes(), phone.block().as_bytes()]),
            LimitScope::Country => {
                let country = phone.country();
                let country = country.as_ref().map_or("", Country::as_str);
                self.digest(&[row.key.as_bytes(), country.as_bytes()])
            }
            LimitScope::Global => self.digest(&[row.key.as_bytes()]),
            LimitScope::Address | LimitScope::ClientAtAddress => by(self.source_of(requester)),
            LimitScope::AddressBlock => by(self.block_key(requester.address)),
            LimitScope::Server => self.digest(&[row.key.as_bytes(), requester.who.as_bytes()]),
        }
    }

    pub(super) fn spacing_of(&self, subject: LimitSubject<'_>) -> Increment {
        self.spacing_count(subject.phone, subject.requester.standing)
    }

    /// The counter of texts to a number since the last sign-in with it, in [`SPACING_WINDOW`].
    fn spacing_count(&self, phone: &PhoneNumber, standing: Standing) -> Increment {
        let key = self.number_key(b"waits", phone, standing);
        Increment { key, window: SPACING_WINDOW, most: u32::MAX, n: 1, spacing: None }
    }

    fn number_key(&self, purpose: &[u8], phone: &PhoneNumber, standing: Standing) -> CounterKey {
        let phone = phone.e164().as_bytes();
        match standing {
            Standing::KnownBrowser => self.digest(&[purpose, phone, b"known"]),
            Standing::Stranger | Standing::Server => self.digest(&[purpose, phone]),
        }
    }

    pub(super) fn digest(&self, parts: &[&[u8]]) -> CounterKey {
        CounterKey::keyed(&self.key, parts)
    }
}

/// `waits`: whether this text must keep its distance. The wait after it is jittered by at most a
/// tenth, so that its end cannot be predicted.
fn spacing(limits: &LoginLimits, waits: bool, system: &System) -> Backoff {
    let span = 2 * Backoff::MOST_JITTER.unsigned_abs() + 1;
    // Modulo bias is at most 21 in 65,536.
    let drawn = u16::from_be_bytes(system.random()) % u16::from(span);
    let jitter = i8::try_from(drawn).unwrap_or(0) - Backoff::MOST_JITTER;
    Backoff { first: limits.first_wait, longest: limits.longest_wait, jitter, waits }
}
