use std::fmt;
use std::time::Duration;

/// Why a provider did not accept a text, in our terms and in the provider's.
///
/// Safe to log: holds no number, text, credential or URL, and no message of the provider (those
/// quote the number).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {failure}{}", ProviderDetail(self))]
pub struct SendError {
    pub provider: &'static str,
    pub failure: Failure,
    /// The provider's error code.
    pub code: Option<u32>,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// From the provider's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Of a text that may have been sent: the id of its request, which receipts may name.
    pub message_id: Option<String>,
}

impl SendError {
    pub const fn new(provider: &'static str, failure: Failure) -> Self {
        Self { provider, failure, code: None, status: None, retry_after: None, message_id: None }
    }

    /// Whether the next provider may be tried: nothing was sent, and the text was not refused for
    /// a reason that holds for every provider.
    pub const fn fails_over(&self) -> bool {
        self.failure.rule().fails_over
    }

    pub const fn blame(&self) -> Blame {
        self.failure.rule().blame
    }

    /// Whether the provider itself is failing, so that others should be tried first for a while. One that
    /// does not know the credentials (401) refuses every text; other settings may be wrong for one.
    pub const fn demotes(&self) -> bool {
        self.failure.rule().demotes || matches!(self.status, Some(401))
    }
}

/// What went wrong, in terms common to all providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    #[error("no such number")]
    BadNumber,
    #[error("the number cannot receive texts")]
    NotMobile,
    #[error("the phone is switched off or out of range")]
    NotReached,
    #[error("nobody answered the call")]
    NotAnswered,
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
    #[error("the provider is rate limiting")]
    Overloaded,
    #[error("the provider failed before it accepted the text")]
    Broken,
    #[error("the carrier blocks or filters the text")]
    Blocked,
    #[error("the provider suspects fraud")]
    Fraud,
    #[error("the gateway refuses the text and does not say why")]
    Declined,
    #[error("whose code the text would have could not be noted, so that it was not sent")]
    NotNoted,
    #[error("no connection to the provider")]
    Unreachable,
    #[error("the provider's address is not public, and sms.allow_private does not list it")]
    PrivateAddress,
    #[error("the text may have been sent: no readable response to the request")]
    Unclear,
    #[error("a response that the provider's API does not document")]
    Unexpected,
}

/// Who can remedy a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Check the number, wait, or ask for texts again.
    Person,
    /// Correct the settings or the account.
    Operator,
    /// Wait for the provider.
    Provider,
    /// Find out who requests the codes.
    Fraud,
}

/// Each failure by the word that it is stored as.
const WORDS: &[(Failure, &str)] = &[
    (Failure::BadNumber, "bad_number"),
    (Failure::NotMobile, "not_mobile"),
    (Failure::NotReached, "not_reached"),
    (Failure::NotAnswered, "not_answered"),
    (Failure::OptedOut, "opted_out"),
    (Failure::TooMany, "too_many"),
    (Failure::CountryNotServed, "country_not_served"),
    (Failure::Misconfigured, "misconfigured"),
    (Failure::TextRefused, "text_refused"),
    (Failure::Overloaded, "overloaded"),
    (Failure::Broken, "broken"),
    (Failure::Blocked, "blocked"),
    (Failure::Fraud, "fraud"),
    (Failure::Declined, "declined"),
    (Failure::Unreachable, "unreachable"),
    (Failure::PrivateAddress, "private_address"),
    (Failure::Unclear, "unclear"),
    (Failure::Unexpected, "unexpected"),
];

struct Rule {
    blame: Blame,
    fails_over: bool,
    demotes: bool,
}

impl Failure {
    /// A word for it, which [`Self::of_word`] reads.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(failure, _)| *failure == self).map_or("unexpected", |(_, word)| word)
    }

    pub fn of_word(word: &str) -> Option<Self> {
        WORDS.iter().find(|(_, known)| *known == word).map(|(failure, _)| *failure)
    }

    pub const fn blame(self) -> Blame {
        self.rule().blame
    }

    /// Whether another provider may send the text that a receipt says did not arrive: it is certain now
    /// that nobody has it, and a phone that one route did not reach another one may. After an `Unclear`
    /// one it is not certain. Nobody is called a second time who did not ask for it: the phone rang.
    pub const fn is_sent_again(self) -> bool {
        matches!(self, Self::NotReached) || self.rule().fails_over
    }

    /// THE table of failures: who can remedy it, whether the next provider may be tried, and
    /// whether this one is demoted.
    ///
    /// A number that one provider refuses for its country or for fraud is never tried with the
    /// next, which would then pay for the attack. Nor is an `Unclear` one: it could send two texts.
    const fn rule(self) -> Rule {
        let (blame, fails_over, demotes) = match self {
            Self::BadNumber
            | Self::NotMobile
            | Self::NotReached
            | Self::NotAnswered
            | Self::OptedOut
            | Self::TooMany => (Blame::Person, false, false),
            Self::CountryNotServed | Self::TextRefused | Self::Declined => {
                (Blame::Operator, false, false)
            }
            Self::Misconfigured | Self::PrivateAddress => (Blame::Operator, true, false),
            Self::Overloaded | Self::Broken | Self::Unreachable => (Blame::Provider, true, true),
            Self::Blocked | Self::Unexpected | Self::NotNoted => (Blame::Provider, true, false),
            Self::Unclear => (Blame::Provider, false, true),
            Self::Fraud => (Blame::Fraud, false, false),
        };
        Rule { blame, fails_over, demotes }
    }
}

/// The provider's code and status, in parentheses; empty if there are none.
struct ProviderDetail<'a>(&'a SendError);

impl fmt::Display for ProviderDetail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code, self.0.status) {
            (Some(code), Some(status)) => write!(f, " (code {code}, HTTP {status})"),
            (Some(code), None) => write!(f, " (code {code})"),
            (None, Some(status)) => write!(f, " (HTTP {status})"),
            (None, None) => Ok(()),
        }
    }
}
