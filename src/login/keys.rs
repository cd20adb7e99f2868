use super::{Asker, Door};
use crate::domain::{AnswerDigest, AttemptKey, Keyring, OneTimeCode, PhoneNumber, Subkey};
use crate::store::Attempt;

/// The subkeys of a login, one for each use, newest first.
pub struct Keys {
    pub(super) codes: Vec<Subkey>,
    answers: Vec<Subkey>,
    attempts: Vec<Subkey>,
    tokens: Vec<Subkey>,
    pub(super) known: Vec<Subkey>,
}

impl Keys {
    pub fn new(keyring: &Keyring) -> Self {
        Self {
            codes: keyring.subkeys("one-time code"),
            answers: keyring.subkeys("answer"),
            attempts: keyring.subkeys("attempt"),
            tokens: keyring.subkeys("session seed"),
            known: keyring.subkeys("known browser"),
        }
    }

    pub(super) fn attempt(&self, asker: &Asker, phone: &PhoneNumber) -> AttemptKey {
        let door: &[u8] = match asker.door {
            Door::Page => b"page",
            Door::Api => b"api",
        };
        let parts: [&[u8]; 3] = [door, asker.who.as_bytes(), phone.e164().as_bytes()];
        AttemptKey::keyed(&self.attempts[0], &parts)
    }

    pub(super) fn answer(&self, key: AttemptKey, typed: &OneTimeCode) -> AnswerDigest {
        AnswerDigest::keyed(&self.answers[0], &[key.as_bytes(), typed.reveal().as_bytes()])
    }

    /// The code of an attempt; `None` when its key is not among ours any more.
    pub(super) fn code(&self, attempt: &Attempt, phone: &PhoneNumber) -> Option<OneTimeCode> {
        let key = self.codes.iter().find(|key| key.id() == attempt.key)?;
        Some(OneTimeCode::derive(key, &attempt.nonce, phone, attempt.length))
    }

    /// What the session token of an attempt follows from: it cannot be told without both the
    /// server secret and the attempt's nonce, which no database ever holds.
    pub(super) fn session_seed(&self, attempt: &Attempt) -> [u8; 32] {
        self.tokens[0].mac(&[&attempt.nonce, attempt.id.as_bytes()])
    }
}
