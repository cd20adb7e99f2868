use std::fmt;

/// The name of a role: 1 to 64 of `a-z A-Z 0-9 . _ : -`, so that roles can be listed in a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a role is 1 to 64 of the characters a-z A-Z 0-9 . _ : -")]
pub struct InvalidRole;

impl Role {
    /// # Errors
    ///
    /// [`InvalidRole`] for any other length or character.
    pub fn parse(input: &str) -> Result<Self, InvalidRole> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        let good = (1..=64).contains(&input.len()) && input.bytes().all(plain);
        good.then(|| Self(input.to_owned())).ok_or(InvalidRole)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
