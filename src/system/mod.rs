//! Clocks and randomness, injected so that tests can control them.
//! Makes no decisions and depends on no other module.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from `earlier` until this; zero if this is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time `age` earlier.
    #[must_use]
    pub fn before(self, age: Duration) -> Self {
        Self(self.0.saturating_sub(millis(age)))
    }

    /// Whether this is past at `now`, by `age` at most.
    pub fn is_at_most(self, age: Duration, now: Self) -> bool {
        self.is_past_at(now) && now.since(self) <= age
    }

    /// Whether this is past at `now`, as far as the clocks of two servers may differ. What is not was
    /// told by a clock that was set back since, so that its age is unknown.
    pub fn is_past_at(self, now: Self) -> bool {
        self <= now + CLOCK_DIFFERENCE
    }
}

/// The most that the clocks of two servers may differ.
pub(crate) const CLOCK_DIFFERENCE: Duration = Duration::from_secs(30);

/// A duration in milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(millis(rhs)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(millis(rhs)))
    }
}

pub trait Clock: Send + Sync {
    /// The time that the machine's clock shows. It may be set back.
    fn now(&self) -> Timestamp;

    /// The time since some moment of the past, the same for the life of the clock. Runs on evenly
    /// whatever the machine's clock is set to.
    fn elapsed(&self) -> Duration;
}

/// A cryptographically secure random generator.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Clock and random generator. Cheap to clone.
#[derive(Clone)]
pub struct System {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// The most that [`Clock::now`] was ahead of [`Clock::elapsed`], in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl System {
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, ahead: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// Those of the operating system.
    pub fn real() -> Self {
        Self::new(Arc::new(RealClock::new()), Arc::new(OsRandom))
    }

    /// The time for whoever reads it elsewhere or later: in tokens, on pages, in the database.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time by which ages are judged. It never runs back: it follows the machine's clock
    /// forwards, and when that is set back it runs on at the pace of [`Clock::elapsed`]. What was
    /// given a minute of life has no more of it, whatever the clock shows.
    pub fn steady(&self) -> Timestamp {
        let elapsed = millis(self.clock.elapsed());
        let ahead = self.clock.now().as_millis().saturating_sub(elapsed);
        let most = self.ahead.fetch_max(ahead, Ordering::Relaxed).max(ahead);
        Timestamp(elapsed.saturating_add(most))
    }

    /// Whether something that lives for `lifetime` until `until`, by [`Self::steady`], is alive. An
    /// end further away than the lifetime was set by a clock that was wrong: it counts as past. The
    /// clock of another server may have set it, and be ahead.
    pub fn is_alive(&self, until: Timestamp, lifetime: Duration) -> bool {
        let now = self.steady();
        now < until && until.since(now) <= lifetime + CLOCK_DIFFERENCE
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System")
    }
}

struct RealClock {
    start: Instant,
}

impl RealClock {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the real time")]
        let start = Instant::now();
        Self { start }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the real time")]
        let now = SystemTime::now();
        Timestamp(millis(now.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that draws from the generator"
        )]
        let mut generator = rand::rng();
        rand::Rng::fill_bytes(&mut generator, bytes);
    }
}
