//! What apps and clients of the API trust: the issuer, its keys, what they sign for apps and
//! clients; later grants. Knows no login method.
mod algorithm;
mod app_url;
mod asked;
mod assertion;
mod client;
mod issuer;
mod keys;
mod refresh_token;
mod rotation;
mod settings;
mod token_login;
mod tokens;
mod verify;

pub use algorithm::Algorithm;
pub use app_url::{AppUrl, InvalidAppUrl};
pub use asked::{Asked, NotAsked, NotRefreshed, OFFLINE};
pub use assertion::{Audience, REMADE_AFTER, Style, assertion};
pub use client::{Client, ClientKind, ClientSecret, Clients, Grant, Lifetimes};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeysError, SigningKeys, Unsigned, Usage};
pub use refresh_token::RefreshToken;
pub use rotation::{Pace, Rotation, publish_next, signs_from};
pub use settings::Settings;
pub use token_login::TokenLogin;
pub use tokens::{AccessToken, IdToken, Profile, Subject, access_token, id_token, own_subject};
pub use verify::{
    IdHint, InvalidToken, LONGEST, VerifiedAccess, bearer, claims_issuer, read_hint, verify_access,
};
