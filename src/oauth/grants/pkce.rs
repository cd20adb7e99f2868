use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::domain::sha256;

/// The length of a SHA-256 in base64url without padding.
const CHALLENGE_LENGTH: usize = 43;

/// `code_challenge` of the method `S256` (RFC 7636 §4.2), the only one that is taken: with `plain`
/// whoever sees the request can redeem the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// `None`: not the base64url of a SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let valid = text.len() == CHALLENGE_LENGTH && text.bytes().all(base64url);
        valid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `verifier` answers the stored `challenge` (RFC 7636 §4.6). Compares in constant time.
pub(super) fn verifies(challenge: &str, verifier: &str) -> bool {
    // RFC 7636 §4.1: `unreserved` of RFC 3986 §2.3.
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return false;
    }
    let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    made.as_bytes().ct_eq(challenge.as_bytes()).into()
}
