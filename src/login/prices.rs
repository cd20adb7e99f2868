use std::collections::HashMap;

use crate::domain::{Country, Currency, Money, PhoneNumber, TextChannel};

/// So many units of an amount of money are one of its currency: a text costs less than a hundredth.
pub const UNITS: u32 = 10_000;
/// Millionths.
const PARTS_OF_UNIT: i64 = 1_000_000 / UNITS as i64;

/// What a text costs by the country of its number, in [`UNITS`], and a message by another channel.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    tables: Box<PriceTables>,
    currency: Currency,
}

#[derive(Clone, Debug, Default)]
struct PriceTables {
    /// Of a text.
    by_country: HashMap<Country, u32>,
    /// Of countries that are not in it.
    other: u32,
    whatsapp: ChannelPrices,
    voice: ChannelPrices,
}

/// What a message by a channel other than SMS costs, where the operator has set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelPrices {
    pub by_country: HashMap<Country, u32>,
    /// Of countries that are not in it; `None`: as many texts as [`texts_of`] says.
    pub other: Option<u32>,
}

/// As how many texts a message by a channel counts whose price is not set: WhatsApp's rates for
/// authentication are below those of texts in most countries, and a call is dearer in some, the United States
/// among them.
const fn texts_of(channel: TextChannel) -> u32 {
    match channel {
        TextChannel::Sms | TextChannel::WhatsApp => 1,
        TextChannel::Voice => 2,
    }
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
    pub fn new(by_country: HashMap<Country, u32>, other: u32, currency: Currency) -> Self {
        let tables = PriceTables { by_country, other, ..PriceTables::default() };
        Self { tables: Box::new(tables), currency }
    }

    /// With prices of the other channels.
    #[must_use]
    pub fn with_channels(self, whatsapp: ChannelPrices, voice: ChannelPrices) -> Self {
        let tables = PriceTables { whatsapp, voice, ..*self.tables };
        Self { tables: Box::new(tables), ..self }
    }

    /// What a message of so many segments costs.
    pub(super) fn cost_of(
        &self,
        phone: &PhoneNumber,
        channel: TextChannel,
        segments: u32,
    ) -> Money {
        self.cost(self.price_of(phone, channel), segments)
    }

    /// The dearest of these countries, and what a text of so many segments to it costs; `None` where
    /// texts cost nothing.
    pub fn dearest(&self, countries: &[Country], segments: u32) -> Option<(Country, Money)> {
        let (country, price) = self.dearest_by(countries, TextChannel::Sms)?;
        Some((country, self.cost(price, segments)))
    }

    /// The dearest of these countries by a channel, and its price.
    fn dearest_by(&self, countries: &[Country], channel: TextChannel) -> Option<(Country, u32)> {
        let priced = countries.iter().map(|country| (*country, self.of(*country, channel)));
        priced.max_by_key(|(_, price)| *price).filter(|(_, price)| *price > 0)
    }

    /// The dearest message of these channels to one of these countries, and what it costs.
    pub fn dearest_message(
        &self,
        countries: &[Country],
        channels: &[TextChannel],
        segments: u32,
    ) -> Option<DearestMessage> {
        let of = |channel: TextChannel| {
            let (country, price) = self.dearest_by(countries, channel)?;
            let many = if channel == TextChannel::Sms { segments } else { 1 };
            let (units, cost) = (price.saturating_mul(many), self.cost(price, many));
            Some(DearestMessage { country, channel, units, cost })
        };
        channels.iter().filter_map(|channel| of(*channel)).max_by_key(|message| message.units)
    }

    fn cost(&self, price: u32, segments: u32) -> Money {
        Money::of_parts(i64::from(price) * i64::from(segments) * PARTS_OF_UNIT, self.currency)
    }

    fn of(&self, country: Country, channel: TextChannel) -> u32 {
        self.at(Some(country), channel)
    }

    /// The price for a country; `None`: it is not known.
    fn at(&self, country: Option<Country>, channel: TextChannel) -> u32 {
        let tables = &*self.tables;
        let text = country.and_then(|country| tables.by_country.get(&country).copied());
        let text = text.unwrap_or(tables.other);
        let own = match channel {
            TextChannel::Sms => return text,
            TextChannel::WhatsApp => &tables.whatsapp,
            TextChannel::Voice => &tables.voice,
        };
        let set = country.and_then(|country| own.by_country.get(&country).copied());
        set.or(own.other).unwrap_or_else(|| text.saturating_mul(texts_of(channel)))
    }

    /// Zero for a number to which nothing is sent.
    pub fn price_of(&self, phone: &PhoneNumber, channel: TextChannel) -> u32 {
        if phone.is_test() { 0 } else { self.at(phone.country(), channel) }
    }
}

/// A message that nobody sends for less room in a budget: see [`Prices::dearest_message`].
#[derive(Clone, Copy, Debug)]
pub struct DearestMessage {
    pub country: Country,
    pub channel: TextChannel,
    /// In [`UNITS`].
    pub units: u32,
    pub cost: Money,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{ChannelPrices, Prices};
    use crate::domain::TextChannel::{Sms, Voice, WhatsApp};
    use crate::domain::{Country, Currency, PhoneNumber};

    #[test]
    fn a_channel_without_a_price_counts_as_texts_of_the_country() {
        let us = Country::parse("US").expect("a country");
        let gb = Country::parse("GB").expect("a country");
        let prices = Prices::new(HashMap::from([(us, 83)]), 1_000, Currency::default());
        let [american, british] = ["+12025550123", "+447400123456"]
            .map(|text| PhoneNumber::from_e164(text).expect("a number"));
        let of = |prices: &Prices, phone| [Sms, WhatsApp, Voice].map(|c| prices.price_of(phone, c));
        assert_eq!(of(&prices, &american), [83, 83, 166]);
        assert_eq!(of(&prices, &british), [1_000, 1_000, 2_000]);

        let whatsapp = ChannelPrices { by_country: HashMap::from([(gb, 358)]), other: None };
        let voice = ChannelPrices { by_country: HashMap::from([(us, 140)]), other: Some(500) };
        let prices = prices.with_channels(whatsapp, voice);
        assert_eq!(of(&prices, &american), [83, 83, 140]);
        assert_eq!(of(&prices, &british), [1_000, 358, 500]);
        let dearest = prices.dearest_message(&[us, gb], &[WhatsApp, Voice], 3).expect("one");
        assert_eq!((dearest.country, dearest.channel, dearest.units), (gb, Voice, 500));
        let dearest = prices.dearest_message(&[us, gb], &[Sms, Voice], 3).expect("one");
        assert_eq!((dearest.country, dearest.channel, dearest.units), (gb, Sms, 3_000));
    }
}
