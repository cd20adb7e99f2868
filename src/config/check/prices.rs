use std::collections::HashMap;

use super::super::reader::Reader;
use super::super::shipped::PRICES;
use super::super::values::{self, shown};
use super::named::Named;
use crate::domain::{Country, Currency};
use crate::login::{ChannelPrices, Prices, UNITS};

/// The currency of the prices that ship.
const SHIPPED: &str = "USD";
const CURRENCY: &str = "sms.currency";
const TABLE: &str = "sms.prices";
/// The name of the price for countries without one of their own.
const OTHER: &str = "other";
/// No text costs as much: more is a slip of the decimal point.
const DEAREST: u32 = 10 * UNITS;

/// What texts cost: nothing on the terminal.
pub(super) fn prices(reader: &mut Reader<'_>, named: &Named) -> Option<Prices> {
    let currency = reader.one(CURRENCY, currency);
    let own = own(reader, TABLE);
    let [whatsapp, voice] =
        ["sms.whatsapp_prices", "sms.voice_prices"].map(|table| of_channel(reader, table));
    let (currency, own) = (currency?, own?);
    if named.texts_are_free() {
        return Some(Prices::default());
    }
    let shipped = if currency.as_str() == SHIPPED { shipped() } else { HashMap::new() };
    let mut by_name: HashMap<String, u32> = shipped;
    by_name.extend(own);
    let Some(other) = by_name.remove(OTHER) else {
        let text = format!("the prices that ship are in {SHIPPED}: set {TABLE}.{OTHER} too");
        reader.note(CURRENCY, text);
        return None;
    };
    Some(Prices::new(by_country(by_name), other, currency).with_channels(whatsapp?, voice?))
}

fn by_country(names: impl IntoIterator<Item = (String, u32)>) -> HashMap<Country, u32> {
    let country = |(name, price): (String, u32)| Some((Country::parse(&name).ok()?, price));
    names.into_iter().filter_map(country).collect()
}

/// `[sms.whatsapp_prices]` or `[sms.voice_prices]`.
fn of_channel(reader: &mut Reader<'_>, table: &str) -> Option<ChannelPrices> {
    let mut own: HashMap<String, u32> = own(reader, table)?.into_iter().collect();
    let other = own.remove(OTHER);
    Some(ChannelPrices { by_country: by_country(own), other })
}

/// `[sms.prices]`, or the like of another channel.
fn own(reader: &mut Reader<'_>, table: &str) -> Option<Vec<(String, u32)>> {
    let mut all = Vec::new();
    for name in reader.names(table) {
        let key = format!("{table}.{name}");
        let price = reader.one(&key, price);
        let known = name == OTHER || values::country(&name).is_ok();
        if !known {
            reader.note(&key, format!("is neither a country such as GB nor `{OTHER}`"));
        }
        all.push(price.filter(|_| known).map(|price| (name, price)));
    }
    all.into_iter().collect()
}

/// By country, and for others.
fn shipped() -> HashMap<String, u32> {
    let rows = PRICES.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let (name, amount) = line.split_once(',')?;
        Some((name.to_owned(), price(amount).ok()?))
    };
    rows.filter_map(row).collect()
}

/// ISO 4217.
fn currency(text: &str) -> Result<Currency, String> {
    let is_upper = text.bytes().all(|b| b.is_ascii_uppercase());
    Currency::parse(text)
        .filter(|_| is_upper)
        .ok_or_else(|| format!("{} is not a currency such as USD", shown(text)))
}

/// An amount such as `0.0083`, in [`UNITS`].
fn price(text: &str) -> Result<u32, String> {
    let wrong = || format!("{} is not a price such as 0.0083", shown(text));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > 4 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let units = format!("{whole}{part:0<4}").parse::<u32>().map_err(|_| wrong())?;
    if units > DEAREST {
        return Err(format!("{} is more than any text costs", shown(text)));
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_that_ships_is_read() {
        let rows = PRICES.lines().filter(|line| !line.starts_with('#')).count();
        let shipped = shipped();
        assert_eq!(shipped.len(), rows);
        assert!(shipped.len() > 200 && shipped.contains_key(OTHER));
        for (name, price) in shipped {
            assert!(name == OTHER || Country::parse(&name).is_ok(), "{name}");
            assert!((50..5_000).contains(&price), "{name}: {price}");
        }
    }

    #[test]
    fn a_price_has_up_to_four_decimals() {
        assert_eq!(price("0.0083"), Ok(83));
        assert_eq!(price("1"), Ok(10_000));
        assert_eq!(price("0.05"), Ok(500));
        for wrong in ["", ".05", "0.00831", "-1", "1,2", "0x1", "11", "9999999999"] {
            price(wrong).expect_err(wrong);
        }
    }
}
