use std::fmt;
use std::hash::{Hash, Hasher};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::accepted_numbers::AcceptedNumbers;
use super::country::Country;
use super::spellings::{is_mobile, meant};
use super::typed_number::{InvalidPhone, TypedNumber};

/// The type of line, as far as the numbering plan distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineType {
    /// Can receive messages: mobile, or possibly mobile (all of +1).
    Mobile,
    Landline,
    /// Toll-free, premium, shared-cost, pager, VoIP and the like.
    Other,
}

/// A valid phone number in E.164 (a plus sign and at most 15 digits), or a test number.
///
/// `Display` and `Debug` show only the last three digits.
#[derive(Clone)]
pub struct PhoneNumber {
    e164: String,
    country: Option<Country>,
    /// Another country that has it in its ranges too.
    other_country: Option<Country>,
    source: NumberSource,
}

/// How a number is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NumberSource {
    /// By libphonenumber's metadata.
    Metadata,
    /// By `numbers.accept`.
    Accepted,
    /// Not at all: a test number, or one of a range that was accepted once.
    Unknown,
}

impl AcceptedNumbers {
    /// As [`PhoneNumber::parse`], with these ranges.
    ///
    /// # Errors
    ///
    /// As [`PhoneNumber::parse`].
    pub fn parse(&self, typed: &str, home: Option<Country>) -> Result<PhoneNumber, InvalidPhone> {
        PhoneNumber::parse_among(typed, home, self)
    }

    /// The same number, as one of its range if it is in one.
    #[must_use]
    pub fn recognize(&self, phone: PhoneNumber) -> PhoneNumber {
        if !phone.is_test() || self.country_of(phone.e164()).is_none() {
            return phone;
        }
        let known = self.parse(phone.e164(), None).ok();
        known.filter(|known| *known == phone).unwrap_or(phone)
    }
}

/// A number is one, however it came to be known.
impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.e164 == other.e164
    }
}

impl Eq for PhoneNumber {}

impl Hash for PhoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.e164.hash(state);
    }
}

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidTestNumber {
    #[error("not a plus sign and 7 to 15 digits")]
    NotE164,
    #[error("a number that may exist; a test number must be invalid in every numbering plan")]
    Real,
}

/// A plus sign and 15 digits (ITU-T E.164 §6.1).
const LONGEST_E164: usize = 16;

impl PhoneNumber {
    /// Reads user input, in any notation that people use: spaces, dashes, dots, brackets, slashes,
    /// digits of other scripts, `00`, `(0)`, `tel:`, the calling code without a plus sign, prefixes
    /// that are no longer dialled. `home` is the selected country; a plus sign or `00` overrides it.
    ///
    /// All notations of a mobile number give the same value. A number that is none by libphonenumber's
    /// metadata is taken for the mobile number that people mean by it, where there is one.
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] if it is not a valid number of any numbering plan.
    pub fn parse(typed: &str, home: Option<Country>) -> Result<Self, InvalidPhone> {
        Self::parse_among(typed, home, AcceptedNumbers::NONE)
    }

    /// As [`Self::parse`], with ranges that are accepted beside the metadata's.
    pub(super) fn parse_among(
        typed: &str,
        home: Option<Country>,
        accepted: &AcceptedNumbers,
    ) -> Result<Self, InvalidPhone> {
        let typed = TypedNumber::read(typed)?;
        let mut best: Option<Result<Self, InvalidPhone>> = None;
        for reading in typed.readings(home.and_then(Country::calling_code)) {
            if reading.is_last_resort && matches!(best, Some(Ok(_))) {
                continue;
            }
            match Self::of_reading(&reading.digits, home, accepted) {
                Ok((number, true)) => return Ok(number),
                Ok((number, false)) if !matches!(best, Some(Ok(_))) => best = Some(Ok(number)),
                Err(error) if best.is_none() => best = Some(Err(error)),
                _ => {}
            }
        }
        best.unwrap_or(Err(InvalidPhone::NotANumber))
    }

    /// The number of one reading, and whether it is a mobile one.
    fn of_reading(
        reading: &str,
        home: Option<Country>,
        accepted: &AcceptedNumbers,
    ) -> Result<(Self, bool), InvalidPhone> {
        let region = home.and_then(Country::region);
        let number =
            PHONE_NUMBER_UTIL.parse(reading, region).map_err(|_| InvalidPhone::NotANumber)?;
        if is_mobile(&number) {
            return Ok((Self::of(&number)?, true));
        }
        if let Some((e164, country)) = accepted.find(&number) {
            let (country, source) = (Some(country), NumberSource::Accepted);
            return Ok((Self { e164, country, other_country: None, source }, true));
        }
        match meant(&number) {
            Some(mobile) => Ok((Self::of(&mobile)?, true)),
            None => Ok((Self::of(&number)?, false)),
        }
    }

    fn of(number: &rlibphonenumber::PhoneNumber) -> Result<Self, InvalidPhone> {
        if number.extension.is_some() || !number.is_valid() {
            return Err(InvalidPhone::NoSuchNumber);
        }
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        // Some plans have numbers with more digits than E.164 allows.
        if e164.len() > LONGEST_E164 {
            return Err(InvalidPhone::NoSuchNumber);
        }
        let country = number.get_region_code().map(|region| region.to_string());
        let country = country.and_then(|country| Country::parse(&country).ok());
        let has_it = |other: &Country| {
            other.region().is_some_and(|region| number.is_valid_for_region(region))
        };
        let other_country = country.and_then(|country| country.overlapping().find(has_it));
        Ok(Self { e164, country, other_country, source: NumberSource::Metadata })
    }

    /// A test number: in E.164 form, but invalid in every numbering plan. Nothing is ever sent to
    /// it, and it has no country. Only for numbers that the configuration declares.
    ///
    /// # Errors
    ///
    /// [`InvalidTestNumber`] if it is not in E.164 form, or is a valid number.
    pub fn test_number(text: &str) -> Result<Self, InvalidTestNumber> {
        if !Self::is_e164(text) {
            return Err(InvalidTestNumber::NotE164);
        }
        if Self::parse(text, None).is_ok() {
            return Err(InvalidTestNumber::Real);
        }
        Ok(Self::invalid(text))
    }

    /// Whether a text has the form of E.164: a plus sign and 7 to 15 digits.
    pub fn is_e164(text: &str) -> bool {
        let digits = text.strip_prefix('+').unwrap_or_default();
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    }

    /// A number in E.164 form that is in no numbering plan.
    fn invalid(text: &str) -> Self {
        let (e164, source) = (text.to_owned(), NumberSource::Unknown);
        Self { e164, country: None, other_country: None, source }
    }

    /// What it shares with the numbers that differ in their last three digits.
    pub fn block(&self) -> &str {
        self.e164.get(..self.e164.len().saturating_sub(3)).unwrap_or_default()
    }

    /// What a log may show of its block: with the last three digits, which stand beside it, it does not give
    /// the number away.
    pub fn area(&self) -> &str {
        let block = self.block();
        block.get(..block.len().saturating_sub(3)).unwrap_or_default()
    }

    /// Whether it is a test number, or a number that is no longer known.
    pub const fn is_test(&self) -> bool {
        matches!(self.source, NumberSource::Unknown)
    }

    /// Whether user input in E.164 form is this number.
    pub fn is_typed(&self, typed: &str) -> bool {
        TypedNumber::read(typed).is_ok_and(|typed| typed.international() == self.e164)
    }

    /// Reads a number from the database: what [`Self::e164`] returned, maybe that of a former
    /// version. It may be a test number that the configuration no longer declares, or a notation that
    /// [`Self::parse`] now gives another value; the value for it keeps the text as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] if it is not in E.164 form.
    pub fn from_store(text: &str) -> Result<Self, InvalidPhone> {
        if let Ok(number) = Self::from_e164(text) {
            return Ok(number);
        }
        if !Self::is_e164(text) {
            return Err(InvalidPhone::NotANumber);
        }
        let number = PHONE_NUMBER_UTIL.parse(text, None).ok();
        let valid = number.and_then(|number| Self::of(&number).ok());
        Ok(valid.filter(|number| number.e164 == text).unwrap_or_else(|| Self::invalid(text)))
    }

    /// Reads what [`Self::e164`] returned.
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] for any other spelling, or if the number is not valid.
    pub fn from_e164(text: &str) -> Result<Self, InvalidPhone> {
        let number = Self::parse(text, None)?;
        (number.e164 == text).then_some(number).ok_or(InvalidPhone::NotANumber)
    }

    /// The whole number. Personal data: never log it.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The whole number without its plus sign, as some APIs want it. Personal data: never log it.
    pub fn digits(&self) -> &str {
        self.e164.trim_start_matches('+')
    }

    /// The whole number in its country's international format, with spaces.
    pub fn international(&self) -> String {
        let parsed = PHONE_NUMBER_UTIL.parse(&self.e164, None);
        parsed.map_or_else(
            |_| self.e164.clone(),
            |number| number.format_as(PhoneNumberFormat::International).into_owned(),
        )
    }

    /// The international format with all digits masked but the calling code and the last three.
    pub fn masked(&self) -> String {
        let text = self.international();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let code = text.chars().skip(1).take_while(char::is_ascii_digit).count();
        let mut seen = 0;
        let hide = |c: char| {
            if !c.is_ascii_digit() {
                return c;
            }
            seen += 1;
            if seen <= code || seen + 3 > digits { c } else { '•' }
        };
        text.chars().map(hide).collect()
    }

    /// `None` for numbers without a country, such as those of satellite phones. Of several
    /// countries that have the number in their ranges, the main one.
    pub const fn country(&self) -> Option<Country> {
        self.country
    }

    /// Whether a country has the number in its ranges.
    pub fn is_of(&self, country: Country) -> bool {
        [self.country, self.other_country].contains(&Some(country))
    }

    pub fn line_type(&self) -> LineType {
        if self.source == NumberSource::Accepted {
            return LineType::Mobile;
        }
        let parsed = PHONE_NUMBER_UTIL.parse(&self.e164, None);
        match parsed.map(|number| number.get_type()) {
            Ok(PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile) => LineType::Mobile,
            Ok(PhoneNumberType::FixedLine) => LineType::Landline,
            _ => LineType::Other,
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", &self.e164[self.e164.len().saturating_sub(3)..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({self})")
    }
}
