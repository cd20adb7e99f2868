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

/// The most segments that a text has by the language tag of its template, each of which is billed.
#[derive(Clone, Debug)]
pub struct TextSegments {
    by_language: HashMap<String, u32>,
    /// Of languages without a template of their own.
    other: u32,
}

impl Default for TextSegments {
    /// One for each text.
    fn default() -> Self {
        Self { by_language: HashMap::new(), other: 1 }
    }
}

impl TextSegments {
    pub fn new(by_language: HashMap<String, u32>, other: u32) -> Self {
        Self { by_language, other: other.max(1) }
    }

    /// Of a text to somebody with this language; `None`: they asked for none of the pages'.
    pub fn of(&self, language: Option<&str>) -> u32 {
        let found = language.and_then(|tag| self.by_language.get(tag));
        found.copied().unwrap_or(self.other).max(1)
    }

    /// The most of any language.
    pub fn most(&self) -> u32 {
        self.by_language.values().copied().chain([self.other]).max().unwrap_or(1)
    }
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

    pub(super) fn of(&self, country: Country) -> u32 {
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
