use std::fmt;
use std::time::Duration;

use subtle::{Choice, ConstantTimeEq as _};

use super::app_url::AppUrl;
use super::tokens::{AccessTokenType, UpdatedAtFormat};
use crate::domain::{Audience, ClientId, Host, Origin, OriginPattern, sha256};

/// The SHA-256 of a client's secret. A single round is enough: such secrets are random and long,
/// never passwords that people choose.
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

/// The client type (RFC 6749 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// A single-page or native app.
    Public,
    /// A server. One secret, or two while it is being changed; both are accepted.
    Confidential(Vec<ClientSecret>),
}

/// A grant type (RFC 6749 §1.3) that a client may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantType {
    /// A number and its one-time code, at the token endpoint and across origins.
    Passwordless,
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// Tokens for the client itself (RFC 6749 §4.4).
    ClientCredentials,
    /// Tokens straight from `/authorize` (OpenID Connect Core 1.0 §3.2).
    Implicit,
    /// Auth0's legacy `/oauth/ro`.
    Ro,
}

impl GrantType {
    pub const ALL: [Self; 6] = [
        Self::Passwordless,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::Implicit,
        Self::Ro,
    ];

    /// Reads a name of the configuration.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passwordless => "passwordless",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
            Self::Ro => "ro",
        }
    }

    /// Reads the parameter `grant_type`.
    pub fn of_type(grant_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.grant_type() == grant_type)
    }

    /// As the parameter `grant_type` names it (Auth0's identifiers).
    pub const fn grant_type(self) -> &'static str {
        match self {
            Self::Passwordless => "http://auth0.com/oauth/grant-type/passwordless/otp",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
            Self::Ro => "http://auth0.com/oauth/legacy/grant-type/ro",
        }
    }
}

/// How long what a client is given is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    pub access_token: Duration,
    pub id_token: Duration,
    /// A refresh token that was not used for this long ends.
    pub refresh_idle: Duration,
    /// The absolute lifetime of a grant and all its refresh tokens.
    pub refresh: Duration,
    /// How long a refresh token that was replaced is answered with its successor; zero: not at all.
    pub refresh_overlap: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Duration::from_mins(15),
            id_token: Duration::from_hours(1),
            refresh_idle: Duration::from_hours(30 * 24),
            refresh: Duration::from_hours(90 * 24),
            refresh_overlap: Duration::from_secs(10),
        }
    }
}

/// When a client is told the roles of its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupsAccess {
    /// When it asks with scope `groups`.
    ByScope,
    Always,
}

/// An application that uses the API (`[[client]]`, Auth0's "application").
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    /// Shown on the login pages.
    pub name: String,
    pub kind: ClientType,
    pub callbacks: Vec<AppUrl>,
    /// Origins whose scripts may read responses of the API (CORS), beside those of `callbacks`.
    pub origins: Vec<OriginPattern>,
    /// Origins whose pages may log in across origins and use `web_message`.
    pub web_origins: Vec<OriginPattern>,
    pub logout_urls: Vec<AppUrl>,
    pub grants: Vec<GrantType>,
    /// Names of the connections that it may use (Auth0's word for a login method).
    pub connections: Vec<String>,
    /// The APIs that it may have access tokens for, as `aud` names them.
    pub audiences: Vec<Audience>,
    /// Scope values that it may have beside those of OpenID Connect.
    pub scopes: Vec<String>,
    pub lifetimes: Lifetimes,
    pub access_token_type: AccessTokenType,
    /// Whether `/authorize` demands a `code_challenge` (RFC 7636), as of every public client.
    pub requires_pkce: bool,
    /// Refresh token rotation: each use gives a new refresh token and ends the used one.
    pub rotates: bool,
    pub groups: GroupsAccess,
    /// The domain of the made-up address in the claim `email`; `None`: there is no such claim.
    pub email_domain: Option<Host>,
    /// Whether `auth0-forwarded-for` is trusted in requests that show the client's secret.
    pub trusts_forwarded_for: bool,
    pub updated_at: UpdatedAtFormat,
}

impl Client {
    pub fn is_confidential(&self) -> bool {
        matches!(self.kind, ClientType::Confidential(_))
    }

    /// Whether `secret` is one of the client's. Compares in constant time.
    pub fn has_secret(&self, secret: &str) -> bool {
        let ClientType::Confidential(known) = &self.kind else { return false };
        let given = sha256(secret.as_bytes());
        known.iter().fold(Choice::from(0), |any, known| any | known.0.ct_eq(&given)).into()
    }

    pub fn may(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether it may use the connection of that name.
    pub fn may_use_connection(&self, name: &str) -> bool {
        self.connections.iter().any(|known| known == name)
    }

    /// Whether it may ask for tokens for this API.
    pub fn has_audience(&self, audience: &str) -> bool {
        self.audiences.iter().any(|known| known.as_str() == audience)
    }

    /// The redirect URI that a request names: one that is configured or, of a public client, one
    /// that differs from it in the port on a loopback host.
    pub fn callback(&self, url: &str) -> Option<AppUrl> {
        let known = self.callbacks.iter().find(|known| known.as_str() == url);
        known.cloned().or_else(|| {
            let asked = AppUrl::of_request(url).ok().filter(|_| !self.is_confidential())?;
            self.callbacks.iter().any(|known| known.is_loopback_of(&asked)).then_some(asked)
        })
    }

    /// Whether scripts of `origin` may read what the API answers this client (CORS).
    pub fn shares_with(&self, origin: &Origin) -> bool {
        self.origins.iter().any(|pattern| pattern.matches(origin))
            || self.callbacks.iter().any(|callback| callback.origin() == Some(origin))
    }

    /// Whether pages of `origin` may log in across origins.
    pub fn trusts_page(&self, origin: &Origin) -> bool {
        self.web_origins.iter().any(|pattern| pattern.matches(origin))
    }
}

/// All clients of one configuration.
#[derive(Clone, Debug, Default)]
pub struct Clients(Vec<Client>);

impl Clients {
    /// Ids must be unique, which `config` checks.
    pub fn new(clients: Vec<Client>) -> Self {
        Self(clients)
    }

    pub fn find(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id.as_str() == id)
    }

    pub fn all(&self) -> &[Client] {
        &self.0
    }

    /// Whether any client shares with `origin`: a preflight does not name its client.
    pub fn share_with(&self, origin: &Origin) -> bool {
        self.0.iter().any(|client| client.shares_with(origin) || client.trusts_page(origin))
    }
}
