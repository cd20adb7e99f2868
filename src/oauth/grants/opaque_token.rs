use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Secret, digest};
use crate::system::System;

/// A new secret of 256 random bits in base64url, and the SHA-256 of that text, which is what is
/// stored in its place.
pub fn opaque_token(system: &System) -> (Secret, [u8; 32]) {
    let text = URL_SAFE_NO_PAD.encode(system.random::<32>());
    let stored = digest(text.as_bytes());
    (Secret::new(text), stored)
}
