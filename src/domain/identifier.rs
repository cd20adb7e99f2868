use super::PhoneNumber;

/// What a user is found by at login. Unique among users; unlike a [`super::UserId`] it can change
/// hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    Phone(PhoneNumber),
}

/// How many of its last characters a number is searched by.
pub const ENDING: usize = 4;

impl Identifier {
    /// Of a phone number, as the database names it.
    pub const PHONE: &str = "phone";

    /// As the database names it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => Self::PHONE,
        }
    }

    /// The whole value. Personal data: never log it.
    pub fn reveal(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.e164(),
        }
    }

    /// Its last characters. A number has more.
    pub fn ending(&self) -> &str {
        let value = self.reveal();
        &value[value.len().saturating_sub(ENDING)..]
    }

    /// Reads a value from the database.
    pub fn from_store(kind: &str, value: &str) -> Option<Self> {
        match kind {
            Self::PHONE => PhoneNumber::from_store(value).ok().map(Self::Phone),
            _ => None,
        }
    }
}

impl From<PhoneNumber> for Identifier {
    fn from(phone: PhoneNumber) -> Self {
        Self::Phone(phone)
    }
}

impl From<&PhoneNumber> for Identifier {
    fn from(phone: &PhoneNumber) -> Self {
        Self::Phone(phone.clone())
    }
}
