use super::requester::{Channel, Requester};
use crate::domain::{AnswerDigest, AttemptKey, Keyring, OneTimeCode, PhoneNumber, Subkey};
use crate::store::Attempt;

/// Subkeys of the server secret, one list per purpose, newest first.
pub struct CodeKeys {
    /// Derive one-time codes.
    pub(super) codes: Vec<Subkey>,
    /// Digest the answers that an attempt remembers.
    answers: Vec<Subkey>,
    /// Derive the keys of attempts in their store.
    attempts: Vec<Subkey>,
    /// Derive seeds of session tokens.
    session_seeds: Vec<Subkey>,
    /// Seal the puzzles of challenges.
    pub(super) challenges: Vec<Subkey>,
    /// Tag numbers in the known-browser cookie.
    pub(super) known_browsers: Vec<Subkey>,
}

impl CodeKeys {
    pub fn new(keyring: &Keyring) -> Self {
        Self {
            codes: keyring.subkeys("one-time code"),
            answers: keyring.subkeys("answer"),
            attempts: keyring.subkeys("attempt"),
            session_seeds: keyring.subkeys("session seed"),
            challenges: keyring.subkeys("challenge"),
            known_browsers: keyring.subkeys("known browser"),
        }
    }

    pub(super) fn attempt_key(&self, requester: &Requester, phone: &PhoneNumber) -> AttemptKey {
        let channel: &[u8] = match requester.channel {
            Channel::Page => b"page",
            Channel::Api => b"api",
        };
        let parts: [&[u8]; 3] = [channel, requester.who.as_bytes(), phone.e164().as_bytes()];
        AttemptKey::keyed(&self.attempts[0], &parts)
    }

    pub(super) fn answer_digest(&self, key: AttemptKey, typed: &OneTimeCode) -> AnswerDigest {
        AnswerDigest::keyed(&self.answers[0], &[key.as_bytes(), typed.reveal().as_bytes()])
    }

    /// The code of an attempt; `None` if its key is no longer configured.
    pub(super) fn code(&self, attempt: &Attempt, phone: &PhoneNumber) -> Option<OneTimeCode> {
        let key = self.codes.iter().find(|key| key.id() == attempt.key)?;
        Some(OneTimeCode::derive(key, &attempt.nonce, phone, attempt.length))
    }

    /// The seed of the session token of an attempt. Deriving it takes both the server secret and
    /// the attempt's nonce, and no database holds the nonce.
    pub(super) fn session_seed(&self, attempt: &Attempt) -> [u8; 32] {
        self.session_seeds[0].mac(&[&attempt.nonce, attempt.id.as_bytes()])
    }
}
