use std::fmt;
use std::str::FromStr;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

/// A country or territory: an ISO 3166-1 alpha-2 code such as `GB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the two capital letters of a country with a calling code, such as GB")]
pub struct InvalidCountry;

/// Countries whose mobile numbers are in the ranges of another one, and that one. From
/// libphonenumber's metadata, where both have the same pattern, or the other one's is wider.
const SAME_NUMBERS: &[(&str, &str)] = &[
    ("AX", "FI"),
    ("BL", "GP"),
    ("CC", "AU"),
    ("CX", "AU"),
    ("EH", "MA"),
    ("MF", "GP"),
    ("SJ", "NO"),
    ("VA", "IT"),
];

/// Countries with ranges of their own, some of which the metadata lists under another one too: the
/// Isle of Man's 07924.
const OVERLAPPING: &[(&str, &str)] = &[("IM", "GB")];

impl Country {
    /// # Errors
    ///
    /// [`InvalidCountry`] unless `input` is two capital letters with a calling code.
    pub fn parse(input: &str) -> Result<Self, InvalidCountry> {
        let letters: [u8; 2] = input.as_bytes().try_into().map_err(|_| InvalidCountry)?;
        let country = Self(letters);
        let known = letters.iter().all(u8::is_ascii_uppercase)
            && country
                .region()
                .is_some_and(|r| PHONE_NUMBER_UTIL.get_country_code_for_region(r).is_some());
        known.then_some(country).ok_or(InvalidCountry)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The country calling code, such as 44.
    pub fn calling_code(self) -> Option<i32> {
        PHONE_NUMBER_UTIL.get_country_code_for_region(self.region()?)
    }

    /// An example of a mobile number, in the national format.
    pub fn example(self) -> Option<String> {
        let mobile = PhoneNumberType::Mobile;
        let example = PHONE_NUMBER_UTIL
            .get_example_number_for_type_and_region(self.region()?, mobile)
            .ok()?;
        Some(example.format_as(PhoneNumberFormat::National).into_owned())
    }

    /// Every country with a numbering plan, sorted.
    pub fn all() -> Vec<Self> {
        let regions = PHONE_NUMBER_UTIL.get_supported_regions();
        let mut all: Vec<Self> =
            regions.filter_map(|region| Self::parse(&region.to_string()).ok()).collect();
        all.sort_unstable();
        all
    }

    /// The country whose numbers this one's cannot be told from; `None`: it has its own.
    pub fn numbered_as(self) -> Option<Self> {
        let (_, other) = SAME_NUMBERS.iter().find(|(country, _)| *country == self.as_str())?;
        Self::parse(other).ok()
    }

    /// The countries that have some ranges in common with this one.
    pub(super) fn overlapping(self) -> impl Iterator<Item = Self> {
        let of_this = OVERLAPPING.iter().filter(move |(_, other)| *other == self.as_str());
        of_this.filter_map(|(country, _)| Self::parse(country).ok())
    }

    pub(super) fn region(self) -> Option<Region> {
        Region::from_str(self.as_str()).ok()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
