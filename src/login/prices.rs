use std::collections::HashMap;

use crate::domain::{Country, PhoneNumber};

/// So many units of an amount of money are one of its currency: a text costs less than a hundredth.
pub const UNITS: u32 = 10_000;

/// What a text costs by the country of its number, in [`UNITS`].
#[derive(Clone, Debug, Default)]
pub struct Prices {
    by_country: HashMap<Country, u32>,
    /// Of countries that are not in it.
    other: u32,
    /// ISO 4217.
    currency: String,
}

impl Prices {
    pub const fn new(currency: String, by_country: HashMap<Country, u32>, other: u32) -> Self {
        Self { by_country, other, currency }
    }

    /// The dearest of these countries, and so many texts to it as an amount such as `0.0986 USD`; `None`
    /// where they cost nothing.
    pub fn dearest(&self, countries: &[Country], texts: usize) -> Option<(Country, String)> {
        let priced = countries.iter().map(|country| (self.of(*country), *country));
        let (price, country) =
            priced.max_by_key(|(price, _)| *price).filter(|(price, _)| *price > 0)?;
        let texts = u32::try_from(texts).unwrap_or(u32::MAX);
        let amount = price.saturating_mul(texts);
        let (whole, part) = (amount / UNITS, amount % UNITS);
        Some((country, format!("{whole}.{part:04} {}", self.currency)))
    }

    fn of(&self, country: Country) -> u32 {
        self.by_country.get(&country).copied().unwrap_or(self.other)
    }

    /// Zero for a number to which nothing is sent.
    pub fn price_of(&self, phone: &PhoneNumber) -> u32 {
        if phone.is_test() {
            return 0;
        }
        phone.country().map_or(self.other, |country| self.of(country))
    }
}
