use std::collections::HashMap;
use std::time::Duration;

use super::channels::ChannelOrder;
use super::limits::LoginLimits;
use crate::captcha::Captcha;
use crate::domain::{AcceptedNumbers, CodeLength, Country, OneTimeCode, PhoneNumber};

/// `[login]` and `[limits]`.
#[derive(Clone, Debug)]
pub struct LoginSettings {
    pub countries: Countries,
    /// `numbers.accept`.
    pub accepted_numbers: AcceptedNumbers,
    /// Preselected in the list when nothing else determines a country.
    pub default_country: Option<Country>,
    pub code_length: CodeLength,
    /// Counted from the last text; 1 to 10 minutes.
    pub code_lifetime: Duration,
    /// Wrong codes that an attempt allows; 1 to 5.
    pub tries: u8,
    pub limits: LoginLimits,
    /// `None`: nobody is asked for a proof.
    pub challenge: Option<Box<ChallengeSettings>>,
    /// Whether everyone may sign in. `false`: existing users only, and no response reveals who
    /// is one.
    pub sign_up: bool,
    pub test_numbers: TestNumbers,
    pub channels: ChannelOrder,
    /// The provider and the number or short code to which START is texted after a STOP; not of those of
    /// which none is known.
    pub start_numbers: Vec<(String, String)>,
    /// What the page for the number says of the cost of texts to a country, where the operator set it.
    pub consent: Vec<(Country, String)>,
}

impl LoginSettings {
    /// The number or short code to which START is texted after a STOP to a provider's texts, as people
    /// write it.
    pub fn start_number(&self, provider: Option<&str>) -> Option<&str> {
        let of = self.start_numbers.iter().find(|(name, _)| Some(name.as_str()) == provider);
        of.map(|(_, number)| number.as_str())
    }

    /// Whether people of a country must be told that rates may apply: carriers of the US and Canada ask
    /// it of every form that takes numbers (CTIA, Messaging Principles and Best Practices, May 2023,
    /// §5.1.1).
    pub fn tells_rates(country: Country) -> bool {
        matches!(country.as_str(), "US" | "CA")
    }
}

/// When strangers are asked for a proof before another text is sent, and for which.
#[derive(Clone, Debug)]
pub struct ChallengeSettings {
    /// The digest begins with so many zero bits: 2^bits hashes on average.
    pub bits: u8,
    /// The time to wait for whoever does not calculate.
    pub wait: Duration,
    /// After so many texts to a number since the last sign-in with it, within a day.
    pub after_texts: u32,
    /// After so many wrong codes of everybody within a day, and a tenth of the right ones.
    pub after_wrong_codes: u32,
    /// In place of the calculation.
    pub captcha: Option<Captcha>,
}

/// `[[login.test_number]]`: numbers that no text is sent to, each with its fixed code.
#[derive(Clone, Debug, Default)]
pub struct TestNumbers(HashMap<PhoneNumber, OneTimeCode>);

impl TestNumbers {
    /// Numbers that are not from [`PhoneNumber::test_number`] are ignored.
    pub fn new(numbers: impl IntoIterator<Item = (PhoneNumber, OneTimeCode)>) -> Self {
        Self(numbers.into_iter().filter(|(phone, _)| phone.is_test()).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn code(&self, phone: &PhoneNumber) -> Option<&OneTimeCode> {
        self.0.get(phone)
    }

    pub(super) fn typed(&self, typed: &str) -> Option<&PhoneNumber> {
        self.0.keys().find(|phone| phone.is_typed(typed))
    }
}

/// The countries whose numbers may be texted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countries {
    /// `"*"`: only where texts are free (the console provider).
    All,
    /// In the order of the configuration.
    Only(Vec<Country>),
}

impl Countries {
    pub fn serves(&self, country: Country) -> bool {
        match self {
            Self::All => true,
            Self::Only(served) => served.contains(&country),
        }
    }

    /// Whether a number is of a served country, also by ranges that several have.
    pub fn serves_number(&self, phone: &PhoneNumber) -> bool {
        match self {
            Self::All => true,
            Self::Only(served) => served.iter().any(|country| phone.is_of(*country)),
        }
    }
}
