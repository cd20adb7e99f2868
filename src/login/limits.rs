use std::time::Duration;

use super::attempt::MAX_LIFETIME;
use super::requester::Standing;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What is counted. The tries of one code are counted in its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitAction {
    /// A code was requested: a text is sent or, for a number of no user, withheld.
    Start,
    Text,
    /// A login was started and not completed. Ends with the longest life of its code.
    Attempt,
    WrongCode,
    /// A client was not the one that it says it is (RFC 6749 §2.3.1).
    WrongClientSecret,
    /// A client presented a refresh token that it was never given.
    WrongRefreshToken,
    /// A client presented an authorization code that it was never given, or without the right
    /// redirect URI or verifier.
    WrongAuthorizationCode,
}

/// What the limit is keyed by; also selects the message shown when it is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    Number,
    /// An IPv4 address, or an IPv6 /64 network, which one customer typically has.
    Address,
    /// A client of the API at an address, so that nobody else can use up a client's allowance.
    ClientAtAddress,
    /// One counter for all requests.
    Global,
}

/// How a limit treats a browser that signed in with the number before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KnownBrowsers {
    /// They have a counter of their own, with the same maximum.
    Apart,
    /// They are not counted.
    Exempt,
    /// All have one counter, of which strangers may not use up [`LoginLimits::reserve`].
    Reserve,
}

impl LimitScope {
    const fn known_browsers(self) -> KnownBrowsers {
        match self {
            Self::Number => KnownBrowsers::Apart,
            Self::Address | Self::ClientAtAddress => KnownBrowsers::Exempt,
            Self::Global => KnownBrowsers::Reserve,
        }
    }
}

/// One limit: a maximum within any span of `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitDef {
    /// Its key in `[limits]`, which holds the maximum.
    pub key: &'static str,
    pub action: LimitAction,
    pub scope: LimitScope,
    pub window: Duration,
}

const fn row(key: &'static str, what: LimitAction, by: LimitScope, window: Duration) -> LimitDef {
    LimitDef { key, action: what, scope: by, window }
}

/// THE table of limits. Windows slide: see `store::Counters`.
#[rustfmt::skip]
pub const LIMITS: &[LimitDef] = &[
    row("wrong_codes_per_number_15m", LimitAction::WrongCode, LimitScope::Number, Duration::from_mins(15)),
    row("wrong_codes_per_number_24h", LimitAction::WrongCode, LimitScope::Number, DAY),
    row("texts_per_number_1h", LimitAction::Text, LimitScope::Number, HOUR),
    row("texts_per_number_24h", LimitAction::Text, LimitScope::Number, DAY),
    row("starts_per_address_10m", LimitAction::Start, LimitScope::Address, MINUTE.saturating_mul(10)),
    row("starts_per_address_1h", LimitAction::Start, LimitScope::Address, HOUR),
    row("attempts_per_address", LimitAction::Attempt, LimitScope::Address, MAX_LIFETIME),
    row("wrong_client_secrets_10m", LimitAction::WrongClientSecret, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("wrong_refresh_tokens_10m", LimitAction::WrongRefreshToken, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("wrong_authorization_codes_10m", LimitAction::WrongAuthorizationCode, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("texts_1h", LimitAction::Text, LimitScope::Global, HOUR),
    row("texts_24h", LimitAction::Text, LimitScope::Global, DAY),
];

/// The wait between two texts to a number. Not a maximum within a window: each text must come
/// later than the one before it, by the value of its key and more.
pub const TEXT_SPACING: LimitDef = row("first_wait", LimitAction::Text, LimitScope::Number, DAY);

/// The key in `[limits]` of [`LoginLimits::reserve`].
const RESERVE: &str = "reserve";

/// The longest that a limit of a login lasts.
pub fn longest_window() -> Duration {
    LIMITS.iter().chain([&TEXT_SPACING]).map(|row| row.window).max().unwrap_or(DAY)
}

/// The values of `[limits]`.
#[derive(Clone, Debug)]
pub struct LoginLimits {
    /// The maximum of each of [`LIMITS`], in its order.
    maximums: Vec<u32>,
    /// What strangers leave of a limit that they share with known browsers, in percent.
    reserve: u32,
    /// The wait between the first text to a number and the second; doubles with each further one.
    pub first_wait: Duration,
    /// Upper bound of the wait.
    pub longest_wait: Duration,
}

impl LoginLimits {
    /// `maximum` looks up the value of a key of `[limits]`. `None` if it does so for one of them.
    pub fn from_lookup(
        maximum: impl Fn(&'static str) -> Option<u32>,
        first_wait: Duration,
        longest_wait: Duration,
    ) -> Option<Self> {
        let maximums = LIMITS.iter().map(|row| maximum(row.key)).collect::<Option<_>>()?;
        let reserve = maximum(RESERVE)?;
        Some(Self { maximums, reserve, first_wait, longest_wait })
    }

    /// The maximum of a limit in its window.
    pub fn maximum_of(&self, row: &LimitDef) -> u32 {
        let index = LIMITS.iter().position(|known| known.key == row.key);
        // `TEXT_SPACING` is not in the table: one text until the wait is over.
        index.and_then(|at| self.maximums.get(at)).copied().unwrap_or(1)
    }

    /// Each limit of the table with its maximum.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static LimitDef, u32)> {
        LIMITS.iter().zip(self.maximums.iter().copied())
    }

    /// Each limit that binds such a requester, with its maximum for them.
    pub(super) fn rows_for(
        &self,
        standing: Standing,
    ) -> impl Iterator<Item = (&'static LimitDef, u32)> {
        self.rows().filter_map(move |(row, most)| match (row.scope.known_browsers(), standing) {
            (KnownBrowsers::Exempt, Standing::KnownBrowser) => None,
            (KnownBrowsers::Reserve, Standing::Stranger) => Some((row, self.of_strangers(most))),
            _ => Some((row, most)),
        })
    }

    /// What strangers may use up of a maximum: all of a small one, of which the reserve is less
    /// than one.
    fn of_strangers(&self, most: u32) -> u32 {
        let reserve = u64::from(most) * u64::from(self.reserve) / 100;
        most.saturating_sub(u32::try_from(reserve).unwrap_or(most))
    }

    /// Limits that cannot be reached, each with the one that is reached before it: a limit of the
    /// same action and scope with a longer window and a lower maximum.
    pub fn unreachable_limits(&self) -> Vec<[(&'static LimitDef, u32); 2]> {
        let mut pairs = Vec::new();
        for (row, most) in self.rows() {
            let stricter = self.rows().find(|(other, less)| {
                (other.action, other.scope) == (row.action, row.scope)
                    && other.window > row.window
                    && *less < most
            });
            pairs.extend(stricter.map(|stricter| [(row, most), stricter]));
        }
        pairs
    }
}

/// A limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    pub row: &'static LimitDef,
    pub retry_after: Duration,
}
