use std::collections::HashMap;

use crate::domain::{Country, Currency, Money, PhoneNumber};

/// So many units of an amount of money are one of its currency: a text costs less than a hundredth.
pub const UNITS: u32 = 10_000;
/// Millionths.
const PARTS_OF_UNIT: i64 = 1_000_000 / UNITS as i64;

/// What a text costs by the country of its number, in [`UNITS`].
#[derive(Clone, Debug, Default)]
pub struct Prices {
    by_country: HashMap<Country, u32>,
    /// Of countries that are not in it.
    other: u32,
    currency: Currency,
}

impl Prices {
    pub const fn new(by_country: HashMap<Country, u32>, other: u32, currency: Currency) -> Self {
        Self { by_country, other, currency }
    }

    /// What a text of so many segments costs.
    pub(super) fn cost_of(&self, phone: &PhoneNumber, segments: u32) -> Money {
        self.cost(self.price_of(phone), segments)
    }

    /// The dearest of these countries, and what a text of so many segments to it costs; `None` where
    /// texts cost nothing.
    pub fn dearest(&self, countries: &[Country], segments: u32) -> Option<(Country, Money)> {
        let priced = countries.iter().map(|country| (self.of(*country), *country));
        let (price, country) =
            priced.max_by_key(|(price, _)| *price).filter(|(price, _)| *price > 0)?;
        Some((country, self.cost(price, segments)))
    }

    fn cost(&self, price: u32, segments: u32) -> Money {
        Money::of_parts(i64::from(price) * i64::from(segments) * PARTS_OF_UNIT, self.currency)
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
