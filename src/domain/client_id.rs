use std::fmt;

/// A client identifier (RFC 6749 §2.2). No secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("is not 1 to 64 letters, digits, `-`, `_` or `.`")]
pub struct InvalidClientId;

impl ClientId {
    /// Narrower than RFC 6749 Appendix A.1, so that file names, URLs and logs need no escaping.
    ///
    /// # Errors
    ///
    /// [`InvalidClientId`] unless `text` is 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let good = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        good.then(|| Self(text.to_owned())).ok_or(InvalidClientId)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
