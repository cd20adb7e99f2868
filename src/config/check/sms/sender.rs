use super::super::super::values::shown;
use crate::domain::PhoneNumber;

/// A number in E.164.
pub(super) fn number(text: &str) -> Result<String, String> {
    is_number(text)
        .then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not a number such as +12025550123", shown(text)))
}

fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|rest| {
        (7..=15).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_digit())
            && !rest.starts_with('0')
    })
}

fn is_short_code(text: &str) -> bool {
    (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// A number or a short code, which people can text, as they write it; `None`: a name, or nothing of these.
pub(super) fn answerable(text: &str) -> Option<String> {
    if is_short_code(text) {
        return Some(text.to_owned());
    }
    PhoneNumber::from_e164(text).ok().map(|number| number.international())
}

/// The sender of texts: a number in E.164, a short code, or a name (an alphanumeric sender ID).
pub(super) fn sender(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b' ';
    let name = (1..=11).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text.trim() == text;
    (is_number(text) || is_short_code(text) || name).then(|| text.to_owned()).ok_or_else(|| {
        let is = shown(text);
        format!(
            "{is} is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits"
        )
    })
}
