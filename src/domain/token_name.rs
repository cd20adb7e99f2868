use std::fmt;

/// The longest name, in characters.
const LONGEST: usize = 60;

/// What a person calls a personal access token: a line of text, of 1 to 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be one line of 1 to {LONGEST} characters")]
pub struct InvalidTokenName;

impl TokenName {
    /// Parses what was typed. White space around it is dropped.
    ///
    /// # Errors
    /// When nothing is left that can be seen, it is too long, or it has control characters or ones that change the direction
    /// of the text around them (Unicode UAX #9, explicit formatting).
    pub fn parse(text: &str) -> Result<Self, InvalidTokenName> {
        let name = text.trim();
        let odd = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let good = name.chars().any(is_visible)
            && name.chars().count() <= LONGEST
            && !name.chars().any(odd);
        good.then(|| Self(name.to_owned())).ok_or(InvalidTokenName)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character leaves something to see: neither a space nor one of those that Unicode calls
/// default ignorable (DerivedCoreProperties.txt), which join or shape others, nor a filler.
fn is_visible(c: char) -> bool {
    let is_ignorable = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
    );
    !c.is_whitespace() && !is_ignorable
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        for (typed, name) in [
            (" git ", Some("git")),
            ("Mein Laptop – Arbeit", Some("Mein Laptop – Arbeit")),
            ("حاسوبي", Some("حاسوبي")),
            ("", None),
            (" \t\n", None),
            ("\u{200b}\u{feff} \u{3164}", None),
            ("\u{1f468}\u{200d}\u{1f4bb}", Some("\u{1f468}\u{200d}\u{1f4bb}")),
            ("a\nb", None),
            ("a\u{0}b", None),
            ("a\u{202e}b", None),
            ("a\u{2066}b", None),
        ] {
            assert_eq!(TokenName::parse(typed).ok().as_ref().map(TokenName::as_str), name);
        }
        assert!(TokenName::parse(&"ü".repeat(LONGEST)).is_ok());
        assert!(TokenName::parse(&"ü".repeat(LONGEST + 1)).is_err());
    }
}
