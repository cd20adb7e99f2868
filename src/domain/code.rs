use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::digits::decimal_digit;
use super::typed_number::is_separator;
use super::{PhoneNumber, Subkey};

/// The number of digits of a code, 6 to 10. NIST SP 800-63B-4 §3.1.3.2 requires at least 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeLength(u8);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a code has 6 to 10 digits")]
pub struct InvalidCodeLength;

impl CodeLength {
    /// # Errors
    ///
    /// [`InvalidCodeLength`] unless `digits` is 6 to 10.
    pub fn new(digits: u8) -> Result<Self, InvalidCodeLength> {
        (6..=10).contains(&digits).then_some(Self(digits)).ok_or(InvalidCodeLength)
    }

    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A one-time code. Wiped on drop, redacted by `Debug`, without `Display`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    /// The code of an attempt: HMAC-SHA-256(key, nonce, phone, counter), reduced to digits.
    ///
    /// The counter is incremented until the value is below the largest multiple of 10^digits, so
    /// that every code is equally likely; a plain remainder would favour low ones.
    pub fn derive(key: &Subkey, nonce: &[u8; 16], phone: &PhoneNumber, length: CodeLength) -> Self {
        let codes = 10_u64.pow(u32::from(length.0));
        let fair = u64::MAX - u64::MAX % codes;
        let mut counter = 0_u32;
        loop {
            let mac = key.mac(&[nonce, phone.e164().as_bytes(), &counter.to_be_bytes()]);
            let mut head = [0; 8];
            head.copy_from_slice(&mac[..8]);
            let value = u64::from_be_bytes(head);
            if value < fair {
                return Self(format!("{:0width$}", value % codes, width = usize::from(length.0)));
            }
            counter += 1;
        }
    }

    /// Reads user input: the code, also with separators, or a text that contains it once or more
    /// often, such as the whole message. Decimal digits of every script count.
    ///
    /// `None` if nothing in it has `length` digits, or different things have.
    pub fn parse(typed: &str, length: CodeLength) -> Option<Self> {
        let wanted = usize::from(length.0);
        let plain = mapped(typed, |c| Some(simplified(c)));
        let exact = |run: &&str| run.len() == wanted;
        let bound = plain.split('#').skip(1).filter_map(|rest| runs(rest).next());
        let code = match (only(bound.filter(exact)), only(runs(&plain).filter(exact))) {
            // As in the line that binds a code to a host: `@example.com #123456`.
            (Found::One(code), _) | (_, Found::One(code)) => Some(code.to_owned()),
            (_, Found::Several) => None,
            (_, Found::None) => in_groups(&plain, wanted),
        };
        code.map(Self)
    }

    /// The digits, for the message and for comparison only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.as_bytes(), other.0.as_bytes()).into()
    }
}

/// A copy of `text` that is wiped on drop, also in its making: it never grows.
fn mapped(text: &str, map: impl Fn(char) -> Option<char>) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    out.extend(text.chars().filter_map(map));
    out
}

/// A digit in ASCII; `#`; a space for what may stand between the digits of a code; `x` for all else.
fn simplified(c: char) -> char {
    match decimal_digit(c) {
        Some(digit) => digit,
        None if is_separator(c) => ' ',
        None if c == '#' => c,
        None => 'x',
    }
}

/// A code that is written in groups, such as `123 456`: between letters, or else in all of the text.
fn in_groups(plain: &str, wanted: usize) -> Option<String> {
    let joined = mapped(plain, |c| (c != ' ').then_some(c));
    let digits = mapped(plain, |c| c.is_ascii_digit().then_some(c));
    match only(runs(&joined).filter_map(|run| repeated(run, wanted))) {
        Found::One(code) => Some(code.to_owned()),
        Found::Several => None,
        Found::None => repeated(&digits, wanted).map(str::to_owned),
    }
}

/// The different items of a list.
enum Found<'a> {
    None,
    One(&'a str),
    Several,
}

fn only<'a>(mut items: impl Iterator<Item = &'a str>) -> Found<'a> {
    match items.next() {
        None => Found::None,
        Some(first) if items.all(|item| item == first) => Found::One(first),
        Some(_) => Found::Several,
    }
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit())
}

/// The first `wanted` of the digits, if the others repeat them.
fn repeated(digits: &str, wanted: usize) -> Option<&str> {
    let first = digits.get(..wanted)?;
    let whole = digits.len().is_multiple_of(wanted);
    let same = digits.as_bytes().chunks(wanted).all(|part| part == first.as_bytes());
    (whole && same).then_some(first)
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(••••••)")
    }
}
