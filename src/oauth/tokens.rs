//! What clients of the API are given, signed: ID and access tokens.
mod access;
mod id;
mod profile;

use crate::system::Timestamp;

pub(super) use access::AccessClaims;
pub use access::{AccessToken, Subject, access_token, own_subject};
pub(super) use id::IdClaims;
pub use id::{IdToken, id_token};
pub use profile::Profile;

/// What kind of token something is, as the header says it. They are signed with the same keys:
/// only this keeps one from being taken for the other (RFC 8725 §3.11).
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// OpenID Connect Core 1.0 §2; clients expect no other word.
    Id,
    /// RFC 9068 §2.1.
    Access,
}

impl Kind {
    pub(super) const fn typ(self) -> &'static str {
        match self {
            Self::Id => "JWT",
            Self::Access => "at+jwt",
        }
    }
}

/// A moment as JWTs write it: whole seconds since 1970 (RFC 7519 §2, `NumericDate`).
fn numeric_date(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}
