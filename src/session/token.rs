use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::token_tag::{is_tagged_by_one, tag};
use crate::domain::{Subkey, TokenDigest};

const SEED: usize = 32;
const TAG: usize = 8;

/// The value of a session cookie: 256 unpredictable bits and a 64-bit MAC under the server secret,
/// so that a forged cookie is rejected without reading the store.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; SEED + TAG]);

impl SessionToken {
    pub(super) fn new(seed: &[u8; SEED], key: &Subkey) -> Self {
        let mut bytes = [0; SEED + TAG];
        bytes[..SEED].copy_from_slice(seed);
        bytes[SEED..].copy_from_slice(&tag::<TAG>(seed, key));
        Self(bytes)
    }

    /// Parses a cookie's value; `None` if it does not have the form of a token.
    pub fn parse(value: &str) -> Option<Self> {
        let mut bytes = [0; SEED + TAG];
        let read = URL_SAFE_NO_PAD.decode_slice(value, &mut bytes).ok()?;
        (read == SEED + TAG).then_some(Self(bytes))
    }

    /// The cookie's value. The name marks where a secret leaves its type.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored instead of the token.
    pub(super) fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0)
    }

    /// Whether its MAC is by one of `keys`.
    pub(super) fn is_ours(&self, keys: &[Subkey]) -> bool {
        is_tagged_by_one::<TAG>(&self.0, keys)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(•••)")
    }
}
