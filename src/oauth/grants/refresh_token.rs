use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::{RefreshFamilyDigest, RefreshTokenDigest, Secret, sha256};
use crate::store::{MaskedSuccessor, RefreshDigests};
use crate::system::System;

/// The length of each secret, in bytes.
const HALF: usize = 32;
const PAD_LABEL: &[u8] = b"doorcode refresh token successor";

/// A refresh token (RFC 6749 §1.5): two secrets of 256 bits each. The first is that of its family
/// and stays as long as the grant; the second changes with each rotation. Whoever presents the
/// first with an outdated second therefore holds, or held, a token of the family: a stranger
/// cannot trigger the detection of reuse. The id of the grant, which access tokens show, is no
/// part of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshToken([u8; 2 * HALF]);

impl RefreshToken {
    /// The first token of a new family.
    pub fn first(system: &System) -> Self {
        Self(system.random())
    }

    /// Its successor in the same family.
    #[must_use]
    pub fn next(&self, system: &System) -> Self {
        self.with_second(&system.random())
    }

    /// `next`, encrypted under this token, which has no other successor: a one-time pad.
    pub fn mask(&self, next: &Self) -> MaskedSuccessor {
        let mut masked = self.pad();
        for (byte, second) in masked.iter_mut().zip(&next.0[HALF..]) {
            *byte ^= second;
        }
        MaskedSuccessor(masked)
    }

    /// The successor that [`Self::mask`] encrypted.
    #[must_use]
    pub fn unmask(&self, masked: &MaskedSuccessor) -> Self {
        let mut second = self.pad();
        for (byte, masked) in second.iter_mut().zip(&masked.0) {
            *byte ^= masked;
        }
        self.with_second(&second)
    }

    fn with_second(&self, second: &[u8; HALF]) -> Self {
        let mut other = self.clone();
        other.0[HALF..].copy_from_slice(second);
        other
    }

    /// Follows from the token alone, and not from the digests that are stored.
    fn pad(&self) -> [u8; HALF] {
        let mut input = Vec::with_capacity(PAD_LABEL.len() + self.0.len());
        input.extend_from_slice(PAD_LABEL);
        input.extend_from_slice(&self.0);
        let pad = sha256(&input);
        input.zeroize();
        pad
    }

    /// Reads what [`Self::reveal`] wrote; `None`: not the form of a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 2 * HALF];
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (read == bytes.len()).then_some(Self(bytes))
    }

    /// The text that the client is given. Named so that a reader sees a secret leave its type.
    pub fn reveal(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is stored in its place.
    pub fn digests(&self) -> RefreshDigests {
        let (family, present) = self.0.split_at(HALF);
        RefreshDigests {
            family: RefreshFamilyDigest::of(family),
            present: RefreshTokenDigest::of(present),
        }
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(•••)")
    }
}
