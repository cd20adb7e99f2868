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
}

impl Prices {
    pub const fn new(by_country: HashMap<Country, u32>, other: u32) -> Self {
        Self { by_country, other }
    }

    /// Zero for a number to which nothing is sent.
    pub fn price_of(&self, phone: &PhoneNumber) -> u32 {
        if phone.is_test() {
            return 0;
        }
        let price = phone.country().and_then(|country| self.by_country.get(&country));
        price.copied().unwrap_or(self.other)
    }
}
