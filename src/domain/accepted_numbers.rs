use std::str::FromStr;

use rlibphonenumber::enums::NumberLengthType;
use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber as ParsedNumber, PhoneNumberFormat, PhoneNumberType,
};

use super::Country;

/// Numbers that begin with the same digits, such as `+63913*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRange {
    /// A plus sign and digits.
    start: String,
    country: Country,
}

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidRange {
    #[error("not a plus sign, the first digits of numbers and a star, such as +63913*")]
    Form,
    #[error("not the numbers of a country")]
    NoCountry,
    #[error("too wide: write two digits or more after the calling code")]
    TooWide,
}

/// Digits that a range has after the calling code: one digit is a tenth of a country.
const FEWEST_NATIONAL_DIGITS: usize = 2;

impl FromStr for NumberRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let start = text.strip_suffix('*').ok_or(InvalidRange::Form)?;
        let digits = start.strip_prefix('+').ok_or(InvalidRange::Form)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        // A whole number, or more, has no place for a star (E.164: 15 digits).
        if !plain || !(1..15).contains(&digits.len()) {
            return Err(InvalidRange::Form);
        }
        let codes = (1..=3).filter_map(|length| digits.get(..length));
        let known = codes.filter_map(|code| Some((code.len(), Country::of_calling_code(code)?)));
        let (code, country) =
            known.max_by_key(|(length, _)| *length).ok_or(InvalidRange::NoCountry)?;
        if digits.len() < code + FEWEST_NATIONAL_DIGITS {
            return Err(InvalidRange::TooWide);
        }
        Ok(Self { start: start.to_owned(), country })
    }
}

/// `numbers.accept`: ranges that are taken for mobile numbers of their country, whatever
/// libphonenumber's metadata says, which may be older than the range. Of a calling code that
/// countries share, it is the one that the metadata names first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedNumbers(Vec<NumberRange>);

impl AcceptedNumbers {
    /// None.
    pub const NONE: &'static Self = &Self(Vec::new());

    pub const fn new(ranges: Vec<NumberRange>) -> Self {
        Self(ranges)
    }

    /// The country of an accepted range with a number in E.164 form.
    pub fn country_of(&self, e164: &str) -> Option<Country> {
        self.0.iter().find(|range| e164.starts_with(&range.start)).map(|range| range.country)
    }

    /// The E.164 form of a number in a range, and the country. Its length has to be that of mobile
    /// numbers there.
    pub(super) fn find(&self, number: &ParsedNumber) -> Option<(String, Country)> {
        if self.0.is_empty() || number.extension.is_some() {
            return None;
        }
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        let country = self.country_of(&e164)?;
        let possible = PHONE_NUMBER_UTIL
            .is_possible_number_for_type_with_reason(number, PhoneNumberType::Mobile);
        matches!(possible, Ok(NumberLengthType::IsPossible)).then_some((e164, country))
    }
}

impl Country {
    /// The main country with these digits as its calling code.
    fn of_calling_code(digits: &str) -> Option<Self> {
        let code = digits.parse().ok().filter(|code| *code > 0)?;
        let region = PHONE_NUMBER_UTIL.get_region_for_country_code(code)?;
        Self::parse(&region.to_string()).ok()
    }
}
