//! What apps and clients of the API trust: the issuer, its keys, what they sign for apps; later
//! tokens, clients, grants. Knows no login method.
mod algorithm;
mod app_url;
mod assertion;
mod client;
mod issuer;
mod keys;
mod settings;

pub use algorithm::Algorithm;
pub use app_url::{AppUrl, InvalidAppUrl};
pub use assertion::{Audience, REMADE_AFTER, Style, Unsigned, assertion};
pub use client::{
    Client, ClientId, ClientKind, ClientSecret, Clients, Grant, InvalidClientId, Lifetimes,
};
pub use issuer::{InvalidIssuer, Issuer};
pub use keys::{KeysError, SigningKeys, Usage};
pub use settings::Settings;
