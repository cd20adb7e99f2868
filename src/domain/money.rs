use std::fmt;

/// So many parts of an amount are one of its currency: a text may cost some thousandths of a cent.
const PARTS: i64 = 1_000_000;
/// The most decimals of a part.
const DECIMALS: usize = 6;

/// A currency (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three letters, of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        let is_code = letters.iter().all(u8::is_ascii_alphabetic);
        is_code.then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    pub fn as_str(&self) -> &str {
        // Letters of ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Default for Currency {
    /// "No currency".
    fn default() -> Self {
        Self(*b"XXX")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of money, such as what a provider says that a text cost. Never below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    parts: i64,
    currency: Currency,
}

impl Money {
    /// From millionths; zero if they are fewer.
    pub fn of_parts(parts: i64, currency: Currency) -> Self {
        Self { parts: parts.max(0), currency }
    }

    /// Reads an amount such as `0.00830000`; further decimals are dropped. A minus sign says that it is a
    /// cost.
    pub fn parse(amount: &str, currency: Currency) -> Option<Self> {
        let amount = amount.strip_prefix('-').unwrap_or(amount);
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || !digits(whole) || !digits(part) {
            return None;
        }
        let part = part.get(..DECIMALS).unwrap_or(part);
        let parts = format!("{whole}{part:0<DECIMALS$}").parse().ok()?;
        Some(Self::of_parts(parts, currency))
    }

    /// In millionths of the currency.
    pub const fn parts(self) -> i64 {
        self.parts
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    /// With four decimals, rounded down.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.parts / PARTS, self.parts % PARTS / 100);
        write!(f, "{whole}.{part:04} {}", self.currency.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_providers_write_it() {
        let dollars = Currency::parse("usd").unwrap();
        assert_eq!(dollars.as_str(), "USD");
        for (amount, parts) in [("0.03330000", 33_300), ("-0.0083", 8_300), ("1", 1_000_000)] {
            assert_eq!(Money::parse(amount, dollars), Some(Money::of_parts(parts, dollars)));
        }
        assert_eq!(Money::parse("12.34567", dollars).unwrap().to_string(), "12.3456 USD");
        for wrong in ["", ".5", "1,2", "1e3", "9999999999", "NaN", "--1", "é"] {
            assert_eq!(Money::parse(wrong, dollars), None, "{wrong}");
        }
        assert_eq!(Currency::parse("dollars"), None);
        assert_eq!(Currency::parse("é$"), None);
    }
}
