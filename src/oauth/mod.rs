//! What apps and clients of the API trust: the issuer, its keys, what they sign for apps; later
//! tokens, clients, grants. Knows no login method.
mod algorithm;
mod assertion;
mod issuer;
mod keys;

pub use algorithm::Algorithm;
pub use assertion::{Audience, REMADE_AFTER, Style, Unsigned, assertion};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeysError, SigningKeys, Usage};
