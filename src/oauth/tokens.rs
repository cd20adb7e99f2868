//! The JWTs that clients are given: ID tokens and access tokens.
mod access;
mod id;
mod profile;
mod token_type;

pub(super) use access::AccessClaims;
pub use access::{AccessToken, Subject, access_token, own_subject};
pub(super) use id::IdClaims;
pub use id::{IdToken, id_token};
pub use profile::{GroupsClaim, Profile, UpdatedAtFormat};
pub use token_type::AccessTokenType;
pub(super) use token_type::ID_TOKEN_TYPE;
