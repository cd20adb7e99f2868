use std::time::Duration;

use super::attempt::MAX_LIFETIME;
use super::network_limits::NetworkLimits;
use super::prices::{Prices, TextSegments, UNITS};
use super::requester::{Requester, Standing};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Percentages at which it is told that a limit is used up: see [`LimitDef::told_at`].
pub(super) const HALF: u8 = 50;
pub(super) const ALL: u8 = 100;

/// What is counted. The tries of one code are counted in its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitAction {
    /// A code was requested: a text is sent or, for a number of no user, withheld.
    Start,
    /// The same with a proof: see `login::Proof`.
    ProvedStart,
    /// The same with a proof by which nothing was calculated.
    WaitedStart,
    Text,
    /// The price of a text, in [`UNITS`].
    Spend,
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
    /// Numbers that differ in their last three digits: those of one attacker are often in a row.
    NumberBlock,
    /// The country of a number.
    Country,
    /// An IPv4 address, or an IPv6 /64 network, which one customer typically has.
    Address,
    /// An IPv4 /24 network, or an IPv6 /48 network.
    AddressBlock,
    /// A client that asks for all of its visitors, whatever its address.
    Server,
    /// A client of the API at an address, so that nobody else can use up a client's allowance.
    ClientAtAddress,
    /// One counter for all requests.
    Global,
}

/// Whom a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Everybody. Known browsers have a counter of their own, with the same maximum.
    Apart,
    /// All but known browsers: their numbers are proved, and bound by the limits of a number.
    Unknown,
    /// Strangers, who have an address.
    Strangers,
    /// Servers.
    Servers,
    /// Everybody together. Known browsers are not refused: their texts are bound by their number.
    Budget,
    /// Everybody together. All but known browsers may not use up [`LoginLimits::reserve`].
    Together,
}

impl LimitScope {
    const fn counts(self) -> Counts {
        match self {
            Self::Number => Counts::Apart,
            Self::NumberBlock | Self::Country => Counts::Unknown,
            Self::Address | Self::AddressBlock | Self::ClientAtAddress => Counts::Strangers,
            Self::Server => Counts::Servers,
            Self::Global => Counts::Together,
        }
    }

    /// Whether it is keyed by where a requester is, so that a network may have its own maximum.
    pub const fn is_of_addresses(self) -> bool {
        matches!(self, Self::Address | Self::AddressBlock)
    }

    /// Whether everything that has one key here has one key there too.
    pub(super) fn is_within(self, other: Self) -> bool {
        match self {
            Self::Number => !matches!(other, Self::Address | Self::AddressBlock | Self::Server),
            Self::NumberBlock => matches!(other, Self::NumberBlock | Self::Country | Self::Global),
            Self::Country => matches!(other, Self::Country | Self::Global),
            Self::Address => matches!(other, Self::Address | Self::AddressBlock),
            _ => self == other,
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

impl LimitDef {
    /// A limit of what texts cost.
    fn is_budget(&self) -> bool {
        self.action == LimitAction::Spend
    }

    /// At how many percent of the maximum it is told that so much is used up: what texts cost, and how many go
    /// to a country or in all. That all of those are used up is told with the refusal: see
    /// [`Self::shared_for`].
    pub fn told_at(&self) -> &'static [u8] {
        match (self.action, self.scope) {
            (LimitAction::Spend, _) => &[HALF, ALL],
            (LimitAction::Text, LimitScope::Country | LimitScope::Global) => &[HALF],
            _ => &[],
        }
    }

    /// The window of a limit that strangers use up for each other, and of which nothing else tells: budgets and
    /// pauses say so themselves.
    pub(super) fn shared_for(&self) -> Option<Duration> {
        let is_told = self.is_budget() || !LIMITS.contains(self);
        let is_shared = matches!(
            self.scope,
            LimitScope::NumberBlock | LimitScope::Country | LimitScope::Global
        );
        (is_shared && !is_told).then_some(self.window)
    }

    /// How many of what is counted one of its maximum is.
    fn unit(&self) -> u32 {
        if self.is_budget() { UNITS } else { 1 }
    }

    pub(super) fn counts(&self) -> Counts {
        if self.is_budget() { Counts::Budget } else { self.scope.counts() }
    }
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
    row("texts_per_number_block_10m", LimitAction::Text, LimitScope::NumberBlock, MINUTE.saturating_mul(10)),
    row("texts_per_country_1h", LimitAction::Text, LimitScope::Country, HOUR),
    row("starts_per_address_10m", LimitAction::Start, LimitScope::Address, MINUTE.saturating_mul(10)),
    row("starts_per_address_1h", LimitAction::Start, LimitScope::Address, HOUR),
    row("proved_starts_per_address_10m", LimitAction::ProvedStart, LimitScope::Address, MINUTE.saturating_mul(10)),
    row("proved_starts_per_address_1h", LimitAction::ProvedStart, LimitScope::Address, HOUR),
    row("waited_starts_per_address_10m", LimitAction::WaitedStart, LimitScope::Address, MINUTE.saturating_mul(10)),
    row("starts_per_network_1h", LimitAction::Start, LimitScope::AddressBlock, HOUR),
    row("starts_per_server_1h", LimitAction::Start, LimitScope::Server, HOUR),
    row("attempts_per_address", LimitAction::Attempt, LimitScope::Address, MAX_LIFETIME),
    row("wrong_client_secrets_10m", LimitAction::WrongClientSecret, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("wrong_refresh_tokens_10m", LimitAction::WrongRefreshToken, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("wrong_authorization_codes_10m", LimitAction::WrongAuthorizationCode, LimitScope::ClientAtAddress, MINUTE.saturating_mul(10)),
    row("texts_1h", LimitAction::Text, LimitScope::Global, HOUR),
    row("texts_24h", LimitAction::Text, LimitScope::Global, DAY),
    row("spend_per_number_block_1h", LimitAction::Spend, LimitScope::NumberBlock, HOUR),
    row("spend_per_number_block_24h", LimitAction::Spend, LimitScope::NumberBlock, DAY),
    row("spend_per_country_1h", LimitAction::Spend, LimitScope::Country, HOUR),
    row("spend_per_country_24h", LimitAction::Spend, LimitScope::Country, DAY),
    row("spend_1h", LimitAction::Spend, LimitScope::Global, HOUR),
    row("spend_24h", LimitAction::Spend, LimitScope::Global, DAY),
];

/// The wait between two texts to a number. Not a maximum within a window: each text must come
/// later than the one before it, by the value of its key and more.
pub const TEXT_SPACING: LimitDef = row("first_wait", LimitAction::Text, LimitScope::Number, DAY);

/// Pauses, of a country or a block of numbers whose codes hardly anybody uses. Not in the table: they
/// have no maximum, and last for their window.
pub const CONVERSION_PAUSES: [LimitDef; 2] = [
    row("conversion_pause_of_country", LimitAction::Text, LimitScope::Country, HOUR),
    row("conversion_pause_of_number_block", LimitAction::Text, LimitScope::NumberBlock, HOUR),
];

/// What refuses programs, which solve no puzzle, where few codes of a country or block are used.
pub const CONVERSION_CHALLENGES: [LimitDef; 2] = [
    row("conversion_challenge_of_country", LimitAction::Text, LimitScope::Country, HOUR),
    row("conversion_challenge_of_number_block", LimitAction::Text, LimitScope::NumberBlock, HOUR),
];

/// When few codes are used: somebody earns by the texts, or they do not arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConversionLimits {
    /// The fewest texts to a country that are judged by.
    least_texts: u32,
    /// The same for a block of numbers.
    least_texts_of_block: u32,
    /// Below so many percent that were used it is told.
    pub(super) warn_below: u32,
    /// Below so many percent no further strangers are texted for an hour.
    pub(super) pause_below: u32,
}

impl ConversionLimits {
    /// The keys of `[limits]` with the fewest texts.
    const LEAST_TEXTS: &str = "conversion_least_texts";
    const LEAST_TEXTS_OF_BLOCK: &str = "conversion_least_texts_per_number_block";

    pub(super) const fn least_texts(self, scope: LimitScope) -> u32 {
        match scope {
            LimitScope::NumberBlock => self.least_texts_of_block,
            _ => self.least_texts,
        }
    }

    pub(super) const fn least_texts_key(scope: LimitScope) -> &'static str {
        match scope {
            LimitScope::NumberBlock => Self::LEAST_TEXTS_OF_BLOCK,
            _ => Self::LEAST_TEXTS,
        }
    }
}

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
    networks: Vec<NetworkLimits>,
    pub(super) prices: Prices,
    pub(super) segments: TextSegments,
    pub(super) conversion: ConversionLimits,
    /// The wait between the first text to a number and the second; doubles with each further one.
    pub first_wait: Duration,
    /// Upper bound of the wait.
    pub longest_wait: Duration,
}

impl LoginLimits {
    /// `maximum` looks up the value of a key of `[limits]`. `None` if it does so for one of them.
    pub fn from_lookup(
        maximum: impl Fn(&'static str) -> Option<u32>,
        [first_wait, longest_wait]: [Duration; 2],
        networks: Vec<NetworkLimits>,
        prices: Prices,
    ) -> Option<Self> {
        let maximums = LIMITS.iter().map(|row| maximum(row.key)).collect::<Option<_>>()?;
        let reserve = maximum(RESERVE)?;
        let conversion = ConversionLimits {
            least_texts: maximum(ConversionLimits::LEAST_TEXTS)?,
            least_texts_of_block: maximum(ConversionLimits::LEAST_TEXTS_OF_BLOCK)?,
            warn_below: maximum("conversion_warn_below")?,
            pause_below: maximum("conversion_pause_below")?,
        };
        Some(Self {
            maximums,
            reserve,
            networks,
            prices,
            segments: TextSegments::default(),
            conversion,
            first_wait,
            longest_wait,
        })
    }

    /// With texts that are billed as so many.
    #[must_use]
    pub fn with_segments(self, segments: TextSegments) -> Self {
        Self { segments, ..self }
    }

    /// What texts cost.
    pub const fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The maximum of a limit in its window.
    pub fn maximum_of(&self, row: &LimitDef) -> u32 {
        let index = LIMITS.iter().position(|known| known.key == row.key);
        // `TEXT_SPACING` is not in the table: one text until the wait is over.
        index.and_then(|at| self.maximums.get(at)).copied().unwrap_or(1)
    }

    /// The budgets that one message of this price exceeds, so that no stranger ever gets it. `units`: in
    /// [`UNITS`].
    pub fn below_a_message(&self, units: u32) -> impl Iterator<Item = &'static LimitDef> {
        let budgets = LIMITS.iter().filter(|row| row.is_budget());
        budgets.filter(move |row| self.budget(row) < units)
    }

    /// The maximum of a row as it is counted: of a budget in [`UNITS`].
    pub(super) fn budget(&self, row: &LimitDef) -> u32 {
        self.maximum_of(row).saturating_mul(row.unit())
    }

    /// Each limit of the table with its maximum.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static LimitDef, u32)> {
        LIMITS.iter().zip(self.maximums.iter().copied())
    }

    /// Each limit that binds this requester, with its maximum for them.
    pub(super) fn rows_for(
        &self,
        requester: &Requester,
    ) -> impl Iterator<Item = (&'static LimitDef, u32)> {
        let Requester { standing, address, .. } = *requester;
        let network = self.networks.iter().find(|network| network.contains(address));
        self.rows().filter_map(move |(row, most)| {
            let most = network.and_then(|network| network.maximum_of(row.key)).unwrap_or(most);
            let most = most.saturating_mul(row.unit());
            let known = standing == Standing::KnownBrowser;
            let bound = match row.counts() {
                Counts::Apart => Some(most),
                Counts::Unknown => (!known).then_some(most),
                Counts::Strangers => (standing == Standing::Stranger).then_some(most),
                Counts::Servers => (standing == Standing::Server).then_some(most),
                Counts::Budget => Some(if known { u32::MAX } else { most }),
                Counts::Together => Some(if known { most } else { self.of_strangers(most) }),
            };
            bound.map(|most| (row, most))
        })
    }

    /// What strangers may use up of a maximum: all of a small one, of which the reserve is less
    /// than one.
    pub(super) fn of_strangers(&self, most: u32) -> u32 {
        let reserve = u64::from(most) * u64::from(self.reserve) / 100;
        most.saturating_sub(u32::try_from(reserve).unwrap_or(most))
    }
}

/// A limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    pub row: &'static LimitDef,
    pub retry_after: Duration,
}
