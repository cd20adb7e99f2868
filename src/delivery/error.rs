use std::fmt;
use std::time::Duration;

/// Why a provider did not take a text, and what that provider called it.
///
/// Made for the log: holds no number, no text, no credential and no URL, and nothing of what the
/// provider wrote in prose (its messages quote the number).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {failure}{}", Origin(self))]
pub struct SendError {
    pub provider: &'static str,
    pub failure: Failure,
    /// The provider's own number for it.
    pub code: Option<u32>,
    /// The HTTP status it came with.
    pub status: Option<u16>,
    /// How long the provider asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl SendError {
    pub const fn new(provider: &'static str, failure: Failure) -> Self {
        Self { provider, failure, code: None, status: None, retry_after: None }
    }

    /// Whether the next provider may be asked: nothing was sent, and asking costs no money that
    /// this provider has just refused to spend.
    pub const fn fails_over(&self) -> bool {
        self.failure.rule().fails_over
    }

    pub const fn blame(&self) -> Blame {
        self.failure.rule().blame
    }

    /// Whether the provider itself is unwell, so that another is better asked first for a while.
    pub const fn tires(&self) -> bool {
        self.failure.rule().tires
    }
}

/// What happened, the same words for every provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    #[error("no such number")]
    BadNumber,
    #[error("the number cannot receive texts")]
    NotMobile,
    #[error("the phone is switched off or out of reach")]
    NotReached,
    #[error("the person has stopped texts from this sender")]
    OptedOut,
    #[error("too many texts to this number")]
    TooMany,
    #[error("the account does not text this country")]
    CountryNotServed,
    #[error("credentials, sender or account are not set up for this text")]
    Misconfigured,
    #[error("the text is empty or too long")]
    TextRefused,
    #[error("the provider asks to slow down")]
    Overloaded,
    #[error("the provider failed before it took the text")]
    Broken,
    #[error("the carrier blocks or filters the text")]
    Blocked,
    #[error("the provider takes it for fraud")]
    Fraud,
    #[error("no connection to the provider")]
    Unreachable,
    #[error("the text may have been sent: no readable answer after it was handed over")]
    Unclear,
    #[error("an answer that the provider's interface does not know")]
    Unexpected,
}

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Check the number, wait, or ask for texts again.
    Person,
    /// Correct the settings or the account.
    Operator,
    /// Wait for the provider.
    Provider,
    /// Look at who asks for codes.
    Fraud,
}

struct Rule {
    blame: Blame,
    fails_over: bool,
    tires: bool,
}

impl Failure {
    /// The one table: who is to act, may the next provider be asked, is this one better left alone.
    ///
    /// A number that one provider refuses for its country or for fraud is never taken to the next:
    /// that one would pay for the attack. `Unclear` never is either: two texts for one request.
    const fn rule(self) -> Rule {
        let (blame, fails_over, tires) = match self {
            Self::BadNumber
            | Self::NotMobile
            | Self::NotReached
            | Self::OptedOut
            | Self::TooMany => (Blame::Person, false, false),
            Self::CountryNotServed | Self::TextRefused => (Blame::Operator, false, false),
            Self::Misconfigured => (Blame::Operator, true, false),
            Self::Overloaded | Self::Broken | Self::Unreachable => (Blame::Provider, true, true),
            Self::Blocked | Self::Unexpected => (Blame::Provider, true, false),
            Self::Unclear => (Blame::Provider, false, true),
            Self::Fraud => (Blame::Fraud, false, false),
        };
        Rule { blame, fails_over, tires }
    }
}

/// What the provider called it, in brackets; nothing when it said nothing.
struct Origin<'a>(&'a SendError);

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code, self.0.status) {
            (Some(code), Some(status)) => write!(f, " (code {code}, HTTP {status})"),
            (Some(code), None) => write!(f, " (code {code})"),
            (None, Some(status)) => write!(f, " (HTTP {status})"),
            (None, None) => Ok(()),
        }
    }
}
