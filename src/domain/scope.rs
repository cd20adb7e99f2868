use std::fmt;

/// Limits the size of tokens: one with such a scope is still accepted.
const LONGEST: usize = 2048;

/// A scope (RFC 6749 §3.3): a list of distinct scope tokens, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidScope {
    #[error("has more than {LONGEST} characters")]
    TooLong,
    #[error("has a character that no scope may have")]
    Character,
}

impl Scope {
    /// Reads scope tokens separated by one or more spaces. Duplicates are dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if `text` is too long or has a character that RFC 6749 does not allow.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.len() > LONGEST {
            return Err(InvalidScope::TooLong);
        }
        // RFC 6749 §3.3, `scope-token`.
        let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(|b| b == b' ' || allowed(b)) {
            return Err(InvalidScope::Character);
        }
        Ok(text.split(' ').filter(|word| !word.is_empty()).fold(Self::default(), Self::with))
    }

    fn with(mut self, word: &str) -> Self {
        if !self.contains(word) {
            self.0.push(word.to_owned());
        }
        self
    }

    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }

    /// The scope tokens in their order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The scope tokens for which `keep` is true.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|word| keep(word)).cloned().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
