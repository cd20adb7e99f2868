use super::PhoneNumber;

/// What a user is found by at login. Unique among users; unlike a [`super::UserId`] it can change
/// hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identifier {
    Phone(PhoneNumber),
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
