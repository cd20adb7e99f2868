use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::digits::decimal_digit;
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

    /// Reads user input: decimal digits of the supported scripts count, all other characters are
    /// ignored. `None` unless the number of digits is `length`.
    pub fn parse(typed: &str, length: CodeLength) -> Option<Self> {
        let wanted = usize::from(length.0);
        let mut digits = String::with_capacity(wanted);
        for digit in typed.chars().filter_map(decimal_digit) {
            (digits.len() < wanted).then_some(())?;
            digits.push(digit);
        }
        (digits.len() == wanted).then_some(Self(digits))
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

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(••••••)")
    }
}
