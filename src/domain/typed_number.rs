use rlibphonenumber::PHONE_NUMBER_UTIL;

use super::digits::decimal_digit;

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPhone {
    #[error("empty")]
    Empty,
    #[error("not a telephone number")]
    NotANumber,
    #[error("no such number in that country's numbering plan")]
    NoSuchNumber,
}

/// What a person typed as a number, reduced to ASCII digits after at most one plus sign.
pub(super) struct TypedNumber {
    digits: String,
    /// Where in `digits` a zero stood alone in brackets, as in `+44 (0)20`.
    optional_zero: Option<usize>,
}

/// The maximum length of user input, in characters.
const LONGEST: usize = 64;

/// The longest word that may stand before a number, in characters.
const LONGEST_LABEL: usize = 12;

/// What people of Brazil write for the code of a carrier, which each picks: `0xx11 91234-5678`.
const ANY_CARRIER: [&str; 2] = ["0xx", "0XX"];

impl TypedNumber {
    /// # Errors
    ///
    /// [`InvalidPhone`] if nothing was typed, or something that no number contains.
    pub(super) fn read(typed: &str) -> Result<Self, InvalidPhone> {
        let typed = without_label(typed.trim_matches(is_separator));
        // A pause in dialling, after which nothing is dialled.
        let typed = typed.trim_end_matches(|c| is_separator(c) || matches!(c, ',' | ';'));
        if typed.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if typed.chars().count() > LONGEST {
            return Err(InvalidPhone::NotANumber);
        }
        let typed = ANY_CARRIER.iter().fold(typed.to_owned(), |typed, any| typed.replace(any, "0"));
        let mut number = Self { digits: String::with_capacity(typed.len()), optional_zero: None };
        let mut bracket = None;
        for c in typed.chars() {
            match c {
                '+' | '\u{fe62}' | '\u{ff0b}' if number.digits.is_empty() => {
                    number.digits.push('+');
                }
                c if is_separator(c) => number.note_bracket(c, &mut bracket),
                other => number.digits.push(decimal_digit(other).ok_or(InvalidPhone::NotANumber)?),
            }
        }
        Ok(number)
    }

    fn note_bracket(&mut self, c: char, opened: &mut Option<usize>) {
        if is_opening(c) {
            *opened = Some(self.digits.len());
        } else if is_closing(c) {
            let start = opened.take().filter(|start| self.digits.get(*start..) == Some("0"));
            self.optional_zero = self.optional_zero.or(start);
        }
    }

    /// With a plus sign for a `00` at the start.
    pub(super) fn international(&self) -> String {
        international(&self.digits).unwrap_or_else(|| self.digits.clone())
    }

    /// What the digits may mean to somebody in a country with the calling code `home`, the likeliest
    /// reading first.
    pub(super) fn readings(&self, home: Option<i32>) -> Vec<Reading> {
        let mut all = readings(&self.digits, home);
        if let Some(at) = self.optional_zero {
            let mut shorter = self.digits.clone();
            shorter.remove(at);
            all.extend(readings(&shorter, home).into_iter().map(Reading::otherwise));
        }
        all
    }
}

/// A reading of what was typed: in international notation with a plus sign, else in that of the
/// country.
pub(super) struct Reading {
    pub(super) digits: String,
    /// Whether it counts only where no reading before it is a number.
    pub(super) is_last_resort: bool,
}

impl Reading {
    const fn first(digits: String) -> Self {
        Self { digits, is_last_resort: false }
    }

    fn otherwise(self) -> Self {
        Self { is_last_resort: true, ..self }
    }
}

fn readings(digits: &str, home: Option<i32>) -> Vec<Reading> {
    let as_typed = Reading::first(digits.to_owned());
    if let Some(international) = international(digits).map(Reading::first) {
        let national = Reading::first(digits.trim_start_matches('+').to_owned());
        // The international prefix of some countries begins with 00: 009 of Nigeria, 0011 of
        // Australia. The latter would be read as North America's code and trunk prefix.
        return if national.digits.starts_with("0011") {
            vec![national, international.otherwise()]
        } else {
            vec![international, national.otherwise()]
        };
    }
    if let Some(rest) = digits.strip_prefix('+') {
        // `+0151…` and Russia's `+8 912…`: the plus sign was put before a number of the country.
        let national = (!has_calling_code(rest)).then(|| Reading::first(rest.to_owned()));
        return std::iter::once(as_typed).chain(national).collect();
    }
    let with_code = home.filter(|code| digits.starts_with(&code.to_string()));
    let international = with_code.map(|_| Reading::first(format!("+{digits}")));
    std::iter::once(as_typed).chain(international).collect()
}

/// `00` and `+00` are written for the plus sign.
fn international(digits: &str) -> Option<String> {
    let rest = digits.strip_prefix('+').unwrap_or(digits).strip_prefix("00")?;
    Some(format!("+{rest}"))
}

/// Calling codes have one to three digits, and none of them begins with zero (ITU-T E.164 §6.2.1).
fn has_calling_code(digits: &str) -> bool {
    let assigned = |code: &str| {
        let code = code.parse().ok();
        code.is_some_and(|code| PHONE_NUMBER_UTIL.get_region_for_country_code(code).is_some())
    };
    !digits.starts_with('0') && (1..=3).filter_map(|end| digits.get(..end)).any(assigned)
}

/// Without a word before it: the scheme of a link (`tel:`, RFC 3966; `sms:`, RFC 5724) or the label of
/// an address book (`Tel.: `, `Mobile `).
fn without_label(typed: &str) -> &str {
    let end = typed.find(|c: char| !c.is_alphabetic()).unwrap_or(typed.len());
    let (label, rest) = typed.split_at(end);
    let is_label = (1..=LONGEST_LABEL).contains(&label.chars().count())
        && rest.starts_with(|c| c == ':' || is_separator(c));
    if is_label { rest.trim_start_matches(|c| c == ':' || is_separator(c)) } else { typed }
}

const fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '\u{ff08}' | '\u{ff3b}' | '\u{207d}' | '\u{fe59}' | '\u{3014}')
}

const fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '\u{ff09}' | '\u{ff3d}' | '\u{207e}' | '\u{fe5a}' | '\u{3015}')
}

/// Whether a character in a number is ignored: spaces, dashes, dots, brackets, slashes,
/// apostrophes and tildes of any width, and invisible marks that are copied along with a number.
pub(super) const fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || is_opening(c)
        || is_closing(c)
        || is_dash(c)
        || is_dot(c)
        || is_invisible(c)
        || matches!(c, '/' | '\\' | '|' | '\u{2044}' | '\u{2215}' | '\u{ff0f}' | '\u{ff3c}')
        || matches!(c, '\'' | '"' | '\u{2019}' | '\u{2bc}' | '\u{ff07}')
        || matches!(c, '~' | '\u{2053}' | '\u{223c}' | '\u{301c}' | '\u{ff5e}')
}

/// The general category `Pd`, and what is typed for a dash.
const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{58a}' | '\u{5be}' | '\u{1806}' | '\u{2010}'..='\u{2015}')
        || matches!(c, '\u{2043}' | '\u{207b}' | '\u{208b}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}')
        || matches!(c, '\u{2500}' | '\u{2501}' | '\u{30a0}' | '\u{30fc}' | '\u{fe31}' | '\u{fe32}')
        || matches!(c, '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{ff3f}' | '\u{ff70}')
}

const fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{b7}' | '\u{387}' | '\u{2022}' | '\u{2024}' | '\u{2027}' | '\u{2219}')
        || matches!(c, '\u{22c5}' | '\u{30fb}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff65}')
}

/// Format characters (general category `Cf`) and variation selectors: marks of direction, joiners,
/// soft hyphens.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}')
}
