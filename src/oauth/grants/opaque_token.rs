use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::Secret;
use crate::system::System;

/// A new secret of 256 random bits in base64url. What is stored in its place is its SHA-256: see the
/// digest types of `domain`.
pub fn opaque_token(system: &System) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(system.random::<32>()))
}
