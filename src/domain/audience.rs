use std::fmt;

/// The identifier of an API that access tokens are issued for (`aud`, RFC 7519 §4.1.3): a URL or
/// any other name without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("is not 1 to 200 characters without spaces")]
pub struct InvalidAudience;

impl Audience {
    /// # Errors
    ///
    /// [`InvalidAudience`] unless `text` is 1 to 200 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidAudience> {
        let valid = (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self(text.to_owned())).ok_or(InvalidAudience)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
