use std::collections::HashMap;
use std::time::Duration;

use super::Limits;
use crate::domain::{CodeLength, Country, OneTimeCode, PhoneNumber};

/// `[login]` and `[limits]`: what a code is, who is sent one, and how often.
#[derive(Clone, Debug)]
pub struct Settings {
    pub countries: Countries,
    /// Chosen in the list when nothing else tells.
    pub default_country: Option<Country>,
    pub code_length: CodeLength,
    /// From the last text on; 1 to 10 minutes.
    pub code_lifetime: Duration,
    /// Wrong codes that one attempt bears; 1 to 5.
    pub tries: u8,
    pub limits: Limits,
    /// Whether everybody may sign in. `false`: only who is a user already, and nobody is told
    /// who that is.
    pub sign_up: bool,
    pub test_numbers: TestNumbers,
}

/// `[[login.test_number]]`: numbers that nothing is sent to, each with the code that is always
/// its code.
#[derive(Clone, Debug, Default)]
pub struct TestNumbers(HashMap<PhoneNumber, OneTimeCode>);

impl TestNumbers {
    /// Every number must be of [`PhoneNumber::test_number`]'s making: others are left out.
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

/// The countries whose numbers are texted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countries {
    /// `"*"`: only where texts cost nothing (the console provider).
    All,
    /// In the operator's order.
    Only(Vec<Country>),
}

impl Countries {
    pub fn serves(&self, country: Option<Country>) -> bool {
        match self {
            Self::All => true,
            Self::Only(served) => country.is_some_and(|country| served.contains(&country)),
        }
    }
}
