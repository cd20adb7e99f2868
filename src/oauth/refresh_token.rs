use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::{RefreshFamilyDigest, RefreshTokenDigest, Secret};
use crate::store::RefreshDigests;
use crate::system::System;

const HALF: usize = 32;

/// A refresh token (RFC 6749 §1.5): two secrets of 256 bits in one text. The first is that of its
/// family and stays as long as the grant; the second changes with each rotation. So whoever brings
/// the first with a second that is not the present one has, or had, a token of this family: nobody
/// else can even ask for it. A grant's id, which access tokens tell, is no part of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshToken([u8; 2 * HALF]);

impl RefreshToken {
    /// The first of a family.
    pub fn first(system: &System) -> Self {
        Self(system.random())
    }

    /// The one that takes its place.
    #[must_use]
    pub fn next(&self, system: &System) -> Self {
        let mut next = self.clone();
        next.0[HALF..].copy_from_slice(&system.random::<HALF>());
        next
    }

    /// Reads what [`Self::reveal`] wrote; `None`: this never was a refresh token.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 2 * HALF];
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (read == bytes.len()).then_some(Self(bytes))
    }

    /// As the client keeps it. Named so that a reader sees a secret leave its type.
    pub fn reveal(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What stores keep instead of it.
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
