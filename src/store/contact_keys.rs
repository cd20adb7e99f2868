use std::fmt;

use super::StoreError;
use crate::domain::{
    AcceptedNumbers, AttemptId, BlindIndex, Identifier, KeyId, Keyring, PhoneNumber, Subkey, UserId,
};
use crate::system::System;

/// Label of the subkeys.
const USAGE: &str = "contacts";
/// Values are padded to a multiple of this many bytes, so that their length does not tell the country
/// of a number. Every number fits in one (E.164: 16 with its plus sign).
const BLOCK: usize = 16;
const PADDING: char = ' ';

/// The keys under which contacts are encrypted in the database, and by which they are found there.
pub struct ContactKeys {
    /// Newest first.
    subkeys: Vec<Subkey>,
    system: System,
    /// Ranges of numbers beside those of the metadata.
    accepted: AcceptedNumbers,
}

/// An encrypted contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SealedContact {
    pub(super) value: Vec<u8>,
    pub(super) sealed_by: KeyId,
    pub(super) ending: BlindIndex,
}

impl ContactKeys {
    pub fn new(keyring: &Keyring, system: System) -> Self {
        Self { subkeys: keyring.subkeys(USAGE), system, accepted: AcceptedNumbers::default() }
    }

    /// For commands that touch no contact, and are not given the secret. Whatever does is refused.
    pub fn none(system: System) -> Self {
        Self { subkeys: Vec::new(), system, accepted: AcceptedNumbers::default() }
    }

    /// For contacts with numbers of these ranges too.
    #[must_use]
    pub fn accepting(self, accepted: AcceptedNumbers) -> Self {
        Self { accepted, ..self }
    }

    /// The one that encrypts.
    fn newest(&self) -> Result<&Subkey, StoreError> {
        self.subkeys.first().ok_or(StoreError::NoContactKeys)
    }

    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn newest_id(&self) -> Result<KeyId, StoreError> {
        self.newest().map(Subkey::id)
    }

    /// The lowest and the highest id of the secrets, of which there are two at most.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn ids(&self) -> Result<(KeyId, KeyId), StoreError> {
        let (one, other) = (self.newest_id()?, self.subkeys.last().map(Subkey::id));
        let other = other.unwrap_or(one);
        Ok(if one.0 <= other.0 { (one, other) } else { (other, one) })
    }

    /// Whether it is for commands that touch no contact.
    pub(super) const fn is_none(&self) -> bool {
        self.subkeys.is_empty()
    }

    /// What a contact is found by: one index for each secret, that of the newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn indexes(
        &self,
        identifier: &Identifier,
    ) -> Result<Vec<(KeyId, BlindIndex)>, StoreError> {
        self.newest()?;
        let index = |key: &Subkey| (key.id(), index(key, identifier));
        Ok(self.subkeys.iter().map(index).collect())
    }

    /// The index with the newest secret.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn newest_index(
        &self,
        identifier: &Identifier,
    ) -> Result<(KeyId, BlindIndex), StoreError> {
        let key = self.newest()?;
        Ok((key.id(), index(key, identifier)))
    }

    /// What contacts of a kind with this ending are found by.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn endings(&self, kind: &str, ending: &str) -> Result<Vec<BlindIndex>, StoreError> {
        self.newest()?;
        Ok(self.subkeys.iter().map(|key| ending_index(key, kind, ending)).collect())
    }

    /// Encrypts a contact for its person.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn seal(
        &self,
        user: UserId,
        identifier: &Identifier,
    ) -> Result<SealedContact, StoreError> {
        let (key, kind) = (self.newest()?, identifier.kind());
        let plain = padded(identifier);
        Ok(SealedContact {
            value: key.seal_for(&context(user, kind), self.system.random(), plain.as_bytes()),
            sealed_by: key.id(),
            ending: ending_index(key, kind, identifier.ending()),
        })
    }

    /// Decrypts a contact.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherSecret`] if it was encrypted under a secret that is not among these,
    /// [`StoreError::BadRow`] if it is another person's, or was changed.
    pub(super) fn open(
        &self,
        user: UserId,
        kind: &str,
        (sealed_by, value): (KeyId, &[u8]),
    ) -> Result<Identifier, StoreError> {
        let found = self.open_in(&context(user, kind), kind, (sealed_by, value))?;
        found.ok_or(StoreError::BadRow { table: "contacts", column: "value" })
    }

    /// Encrypts the number that a code was asked for, for the history of that attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoContactKeys`].
    pub(super) fn seal_for_attempt(
        &self,
        attempt: AttemptId,
        phone: &PhoneNumber,
    ) -> Result<(Vec<u8>, KeyId), StoreError> {
        let (key, plain) = (self.newest()?, padded(&phone.into()));
        let context = attempt_context(attempt);
        Ok((key.seal_for(&context, self.system.random(), plain.as_bytes()), key.id()))
    }

    /// Decrypts it.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub(super) fn open_for_attempt(
        &self,
        attempt: AttemptId,
        sealed: (KeyId, &[u8]),
    ) -> Result<PhoneNumber, StoreError> {
        match self.open_in(&attempt_context(attempt), Identifier::PHONE, sealed)? {
            Some(Identifier::Phone(phone)) => Ok(phone),
            None => Err(StoreError::BadRow { table: "attempt_history", column: "phone" }),
        }
    }

    fn open_in(
        &self,
        context: &[u8],
        kind: &str,
        (sealed_by, value): (KeyId, &[u8]),
    ) -> Result<Option<Identifier>, StoreError> {
        self.newest()?;
        let key = self.subkeys.iter().find(|key| key.id() == sealed_by);
        let key = key.ok_or(StoreError::OtherSecret)?;
        let plain = key.open_for(context, value).ok();
        let text = plain.and_then(|plain| String::from_utf8(plain).ok());
        let found =
            text.and_then(|text| Identifier::from_store(kind, text.trim_end_matches(PADDING)));
        Ok(found.map(|Identifier::Phone(phone)| self.accepted.recognize(phone).into()))
    }
}

fn padded(identifier: &Identifier) -> String {
    let mut plain = identifier.reveal().to_owned();
    while !plain.len().is_multiple_of(BLOCK) {
        plain.push(PADDING);
    }
    plain
}

fn attempt_context(attempt: AttemptId) -> Vec<u8> {
    format!("attempt {attempt}").into_bytes()
}

/// Binds a value to its person: with write access to the database alone nobody exchanges numbers.
fn context(user: UserId, kind: &str) -> Vec<u8> {
    format!("{kind} {user}").into_bytes()
}

fn index(key: &Subkey, identifier: &Identifier) -> BlindIndex {
    let (kind, value) = (identifier.kind(), identifier.reveal());
    BlindIndex::keyed(key, &[b"value", kind.as_bytes(), value.as_bytes()])
}

fn ending_index(key: &Subkey, kind: &str, ending: &str) -> BlindIndex {
    BlindIndex::keyed(key, &[b"ending", kind.as_bytes(), ending.as_bytes()])
}

impl fmt::Debug for ContactKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.subkeys).finish()
    }
}
