use super::super::super::values::shown;

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

/// The sender of texts: a number in E.164, a short code, or a name (an alphanumeric sender ID).
pub(super) fn sender(text: &str) -> Result<String, String> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let short_code = (3..=8).contains(&text.len()) && digits(text);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b' ';
    let name = (1..=11).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text.trim() == text;
    (is_number(text) || short_code || name).then(|| text.to_owned()).ok_or_else(|| {
        let is = shown(text);
        format!(
            "{is} is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits"
        )
    })
}
