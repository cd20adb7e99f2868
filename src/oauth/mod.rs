//! What apps and clients of the API trust: the issuer, its keys, what they sign for apps and
//! clients; later grants. Knows no login method.
mod algorithm;
mod assertion;
mod issuer;
mod keys;
mod tokens;
mod verify;

pub use algorithm::Algorithm;
pub use assertion::{Audience, REMADE_AFTER, Style, assertion};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeysError, SigningKeys, Unsigned, Usage};
pub use tokens::{
    AccessToken, IdToken, InvalidScope, Profile, Scope, Subject, access_token, id_token,
};
pub use verify::{IdHint, InvalidToken, VerifiedAccess, read_hint, verify_access};
