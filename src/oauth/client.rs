use std::fmt;
use std::time::Duration;

use subtle::{Choice, ConstantTimeEq as _};

use super::AppUrl;
use crate::domain::{Audience, ClientId, Origin, OriginPattern, sha256};

/// What is kept of a client's secret. The secret has 256 bits or so of chance, as it should, and
/// no person types it: one round of SHA-256 is enough.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret([u8; 32]);

impl ClientSecret {
    pub fn new(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(•••)")
    }
}

/// Whether a client can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// A single-page or native app.
    Public,
    /// A server. One secret, or two while it is changed; both are taken.
    Confidential(Vec<ClientSecret>),
}

/// A way to tokens that a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// A number and its code, at the token endpoint and across origins.
    Passwordless,
    /// Our pages, and a code for the token endpoint (RFC 6749 §4.1).
    AuthorizationCode,
    RefreshToken,
    /// The client's own tokens (RFC 6749 §4.4).
    ClientCredentials,
    /// Tokens from `/authorize` itself (OpenID Connect Core 1.0 §3.2).
    Implicit,
    /// Auth0's legacy `/oauth/ro`.
    Ro,
}

impl Grant {
    /// The names in the configuration, and what stands in `grant_type` (Auth0's identifiers).
    pub const NAMES: &[(Self, &'static str, &'static str)] = &[
        (Self::Passwordless, "passwordless", "http://auth0.com/oauth/grant-type/passwordless/otp"),
        (Self::AuthorizationCode, "authorization_code", "authorization_code"),
        (Self::RefreshToken, "refresh_token", "refresh_token"),
        (Self::ClientCredentials, "client_credentials", "client_credentials"),
        (Self::Implicit, "implicit", "implicit"),
        (Self::Ro, "ro", "http://auth0.com/oauth/legacy/grant-type/ro"),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map(|(grant, ..)| *grant)
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(grant, ..)| *grant == self).map_or("", |(_, known, _)| known)
    }

    /// Reads `grant_type`.
    pub fn of_type(grant_type: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(.., known)| *known == grant_type).map(|(grant, ..)| *grant)
    }

    /// As `grant_type` names it.
    pub fn grant_type(self) -> &'static str {
        Self::NAMES.iter().find(|(grant, ..)| *grant == self).map_or("", |(.., known)| known)
    }
}

/// How long what a client gets is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    pub access_token: Duration,
    pub id_token: Duration,
    /// Ends a refresh token that was not used for so long.
    pub refresh_idle: Duration,
    /// Ends a family of refresh tokens, used or not.
    pub refresh: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Duration::from_mins(15),
            id_token: Duration::from_hours(1),
            refresh_idle: Duration::from_hours(30 * 24),
            refresh: Duration::from_hours(90 * 24),
        }
    }
}

/// An application that uses the API (`[[client]]`, Auth0's "application").
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    /// As people read it on our pages.
    pub name: String,
    pub kind: ClientKind,
    pub callbacks: Vec<AppUrl>,
    /// Whose scripts may read answers of the API; the origins of `callbacks` count too.
    pub origins: Vec<OriginPattern>,
    /// Whose pages may log in across origins, and be told in a frame or popup who is signed in.
    pub web_origins: Vec<OriginPattern>,
    pub logout_urls: Vec<AppUrl>,
    pub grants: Vec<Grant>,
    /// The ways to log in that it may use.
    pub connections: Vec<String>,
    /// The APIs that it may ask tokens for, as their `aud` names them.
    pub audiences: Vec<Audience>,
    /// Words of scopes that it may have beside those of OpenID Connect.
    pub scopes: Vec<String>,
    pub lifetimes: Lifetimes,
    /// Whether each use of a refresh token gives another, and ends the one used.
    pub rotates: bool,
    /// Whether `auth0-forwarded-for` of this client is believed, once it has proved itself.
    pub trusts_forwarded_for: bool,
}

impl Client {
    pub fn is_confidential(&self) -> bool {
        matches!(self.kind, ClientKind::Confidential(_))
    }

    /// Whether `secret` is one of the client's. Takes as long whatever is wrong with it.
    pub fn has_secret(&self, secret: &str) -> bool {
        let ClientKind::Confidential(known) = &self.kind else { return false };
        let given = sha256(secret.as_bytes());
        let right = known.iter().fold(Choice::from(0), |any, known| any | known.0.ct_eq(&given));
        right.into()
    }

    pub fn may(&self, grant: Grant) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether it may use this way to log in.
    pub fn has_connection(&self, name: &str) -> bool {
        self.connections.iter().any(|known| known == name)
    }

    /// Whether it may ask for tokens for this API.
    pub fn has_audience(&self, audience: &str) -> bool {
        self.audiences.iter().any(|known| known.as_str() == audience)
    }

    pub fn callback(&self, url: &str) -> Option<&AppUrl> {
        self.callbacks.iter().find(|known| known.as_str() == url)
    }

    pub fn logout_url(&self, url: &str) -> Option<&AppUrl> {
        self.logout_urls.iter().find(|known| known.as_str() == url)
    }

    /// Whether scripts of `origin` may read what the API answers to this client.
    pub fn shares_with(&self, origin: &Origin) -> bool {
        self.origins.iter().any(|pattern| pattern.matches(origin))
            || self.callbacks.iter().any(|callback| callback.origin() == Some(origin))
    }

    /// Whether pages of `origin` may log in across origins.
    pub fn trusts_page(&self, origin: &Origin) -> bool {
        self.web_origins.iter().any(|pattern| pattern.matches(origin))
    }
}

/// Every client of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Clients(Vec<Client>);

impl Clients {
    /// Ids must be unique; configuration sees to it.
    pub fn new(clients: Vec<Client>) -> Self {
        Self(clients)
    }

    pub fn find(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id.as_str() == id)
    }

    pub fn all(&self) -> &[Client] {
        &self.0
    }

    /// Whether any client shares with `origin`: a preflight does not say whose it is.
    pub fn share_with(&self, origin: &Origin) -> bool {
        self.0.iter().any(|client| client.shares_with(origin) || client.trusts_page(origin))
    }
}
