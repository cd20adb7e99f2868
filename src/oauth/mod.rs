//! What apps and clients of the API trust and are given: the issuer, its signing keys, clients,
//! assertions and tokens, and the grants that tokens come from.
//! Knows no login method and no HTTP.
mod algorithm;
mod app_url;
mod assertion;
mod certificate;
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
pub use assertion::{AssertionAudience, AssertionFormat, RENEWED_AFTER, assertion};
pub use client::{Client, ClientSecret, ClientType, Clients, GrantType, GroupsAccess, Lifetimes};
pub use grants::{
    CodeChallenge, CodeRedemption, CodeRequest, GrantError, Grants, GrantsDeps, ImplicitRequest,
    ImplicitTokens, IssuedAccessToken, IssuedTokens, PreparedGrant, ProvedLogin, RefreshRequest,
    RefreshToken, TokenRequest, TokenTarget, UserInfo, opaque_token,
};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeyUsage, KeysError, SigningError, SigningKeys, check_keys};
pub use rotation::{KeyRotation, RotationPolicy, publish_next, signs_from};
pub use settings::OauthSettings;
pub use token_login::TokenLogin;
pub use tokens::{
    AccessToken, AccessTokenType, GroupsClaim, IdToken, Profile, Subject, UpdatedAtFormat,
    access_token, id_token, own_subject,
};
pub use verify::{
    IdTokenHint, InvalidToken, LONGEST_TOKEN, VerifiedAccessToken, bearer, claims_issuer,
    verify_access_token, verify_id_token_hint,
};
