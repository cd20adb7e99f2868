//! What apps and clients of the API trust and are given: the issuer, its signing keys, clients,
//! assertions and tokens, and the grants that tokens come from.
//! Knows no login method and no HTTP.
mod algorithm;
mod app_url;
mod assertion;
mod client;
mod grants;
mod issuer;
mod keys;
mod numeric_date;
mod rotation;
mod settings;
mod token_login;
mod tokens;
mod verify;

pub use algorithm::Algorithm;
pub use app_url::{AppUrl, InvalidAppUrl};
pub use assertion::{Audience, REMADE_AFTER, Style, assertion};
pub use client::{Client, ClientKind, ClientSecret, Clients, Grant, Lifetimes};
pub use grants::{
    CodeChallenge, CodeRedemption, CodeRequest, GrantError, Grants, GrantsDeps, ImplicitRequest,
    ImplicitTokens, IssuedAccessToken, IssuedTokens, PreparedGrant, ProvedLogin, RefreshRequest,
    RefreshToken, TokenRequest, UserInfo, opaque_token,
};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeysError, SigningKeys, Unsigned, Usage};
pub use rotation::{Pace, Rotation, publish_next, signs_from};
pub use settings::Settings;
pub use token_login::TokenLogin;
pub use tokens::{AccessToken, IdToken, Profile, Subject, access_token, id_token, own_subject};
pub use verify::{
    IdHint, InvalidToken, LONGEST, VerifiedAccess, bearer, claims_issuer, read_hint, verify_access,
};
