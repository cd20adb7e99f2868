use std::time::Duration;

use super::Limits;
use crate::domain::{CodeLength, Country};

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
