use std::fmt;
use std::str::FromStr;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::digits::decimal_digit;

/// A country or territory: an ISO 3166-1 alpha-2 code such as `GB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the two capital letters of a country with a calling code, such as GB")]
pub struct InvalidCountry;

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

    fn region(self) -> Option<Region> {
        Region::from_str(self.as_str()).ok()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    e164: String,
    country: Option<Country>,
    test: bool,
}

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidTestNumber {
    #[error("not a plus sign and 7 to 15 digits")]
    NotE164,
    #[error("a number that may exist; a test number must be invalid in every numbering plan")]
    Real,
}

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPhone {
    #[error("empty")]
    Empty,
    #[error("not a telephone number")]
    NotANumber,
    #[error("no such number in that country's numbering plan")]
    NoSuchNumber,
}

/// A plus sign and 15 digits (ITU-T E.164 §6.1).
const LONGEST_E164: usize = 16;

impl PhoneNumber {
    /// Reads user input, with spaces, dashes, dots, brackets, `00`, `tel:` and the digits of other
    /// scripts. `home` is the selected country; `+` or `00` overrides it.
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] if it is not a valid number of any numbering plan.
    pub fn parse(typed: &str, home: Option<Country>) -> Result<Self, InvalidPhone> {
        let plain = plain_digits(typed)?;
        let region = home.and_then(Country::region);
        let number =
            PHONE_NUMBER_UTIL.parse(&plain, region).map_err(|_| InvalidPhone::NotANumber)?;
        if number.extension.is_some() || !number.is_valid() {
            return Err(InvalidPhone::NoSuchNumber);
        }
        let e164 = number.format_as(PhoneNumberFormat::E164).into_owned();
        // Some plans have numbers with more digits than E.164 allows.
        if e164.len() > LONGEST_E164 {
            return Err(InvalidPhone::NoSuchNumber);
        }
        let country = number.get_region_code().map(|region| region.to_string());
        Ok(Self { e164, country: country.and_then(|c| Country::parse(&c).ok()), test: false })
    }

    /// A test number: in E.164 form, but invalid in every numbering plan. Nothing is ever sent to
    /// it, and it has no country. Only for numbers that the configuration declares.
    ///
    /// # Errors
    ///
    /// [`InvalidTestNumber`] if it is not in E.164 form, or is a valid number.
    pub fn test_number(text: &str) -> Result<Self, InvalidTestNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidTestNumber::NotE164)?;
        let plain = (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(InvalidTestNumber::NotE164);
        }
        if Self::parse(text, None).is_ok() {
            return Err(InvalidTestNumber::Real);
        }
        Ok(Self { e164: text.to_owned(), country: None, test: true })
    }

    /// Whether it is a test number.
    pub const fn is_test(&self) -> bool {
        self.test
    }

    /// Whether user input in E.164 form is this number.
    pub fn is_typed(&self, typed: &str) -> bool {
        plain_digits(typed).is_ok_and(|plain| plain == self.e164)
    }

    /// Reads a number from the database, which may be a test number that the configuration no
    /// longer declares.
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] if it is neither a valid number nor a test number.
    pub fn from_store(text: &str) -> Result<Self, InvalidPhone> {
        Self::from_e164(text)
            .or_else(|_| Self::test_number(text).map_err(|_| InvalidPhone::NotANumber))
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

    /// `None` for numbers without a country, such as those of satellite phones.
    pub const fn country(&self) -> Option<Country> {
        self.country
    }

    pub fn line_type(&self) -> LineType {
        let parsed = PHONE_NUMBER_UTIL.parse(&self.e164, None);
        match parsed.map(|number| number.get_type()) {
            Ok(PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile) => LineType::Mobile,
            Ok(PhoneNumberType::FixedLine) => LineType::Landline,
            _ => LineType::Other,
        }
    }
}

/// The maximum length of user input, in characters.
const LONGEST: usize = 64;

fn plain_digits(typed: &str) -> Result<String, InvalidPhone> {
    let typed = typed.trim_matches(is_ignored);
    let scheme = typed.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("tel:"));
    let typed = if scheme { typed[4..].trim_matches(is_ignored) } else { typed };
    if typed.is_empty() {
        return Err(InvalidPhone::Empty);
    }
    if typed.chars().count() > LONGEST {
        return Err(InvalidPhone::NotANumber);
    }
    let mut plain = String::with_capacity(typed.len());
    for c in typed.chars() {
        match c {
            '+' | '\u{ff0b}' if plain.is_empty() => plain.push('+'),
            c if is_ignored(c) => {}
            other => plain.push(decimal_digit(other).ok_or(InvalidPhone::NotANumber)?),
        }
    }
    match plain.strip_prefix("00") {
        Some(rest) => Ok(format!("+{rest}")),
        None => Ok(plain),
    }
}

/// Whether a character in a number is ignored: spaces, dashes, dots, brackets and slashes of any
/// width, and invisible marks that are often copied along.
const fn is_ignored(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '(' | ')' | '/')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
        || matches!(c, '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}')
        || matches!(c, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
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
