/// Converts a decimal digit of a supported script to ASCII: Latin, Arabic-Indic, Persian,
/// Devanagari, Bengali, full-width.
pub(super) fn decimal_digit(c: char) -> Option<char> {
    const ZEROS: [char; 6] = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    })
}
