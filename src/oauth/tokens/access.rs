use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::token_type::AccessTokenType;
use crate::domain::{ClientId, Scope, SessionId, UserId};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::issuer::Issuer;
use crate::oauth::keys::{KeyUsage, SigningError, SigningKeys};
use crate::oauth::numeric_date::numeric_date;
use crate::system::Timestamp;

/// On whose behalf a client acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    User(UserId),
    /// The client itself (RFC 6749 §4.4).
    Client,
}

/// What follows a client's id where the client is its own subject, as at Auth0.
const CLIENT_SUFFIX: &str = "@clients";
/// Auth0's value of `gty` in a client's own token.
const CLIENT_CREDENTIALS: &str = "client-credentials";

/// The `sub` of a client's own tokens.
pub fn own_subject(client: &ClientId) -> String {
    client_subject(client.as_str())
}

fn client_subject(client: &str) -> String {
    format!("{client}{CLIENT_SUFFIX}")
}

impl Subject {
    fn claim(self, client: &str) -> String {
        match self {
            Self::User(user) => user.to_string(),
            Self::Client => client_subject(client),
        }
    }
}

/// The content of an access token.
#[derive(Clone, Debug)]
pub struct AccessToken<'a> {
    pub token_type: AccessTokenType,
    pub client: &'a ClientId,
    pub subject: Subject,
    pub session: Option<SessionId>,
    /// The id of the grant that it came from: revoking that ends the token too.
    pub grant: Option<&'a str>,
    /// The whole `aud`.
    pub audiences: Vec<String>,
    pub scope: &'a Scope,
    pub lifetime: Duration,
    /// `jti`, unique to the token.
    pub id: &'a str,
}

/// The claims of an access token. Optional ones are left out, never `null`.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) iss: String,
    sub: String,
    pub(crate) aud: Audiences,
    /// As Auth0 names the client; RFC 9068 §2.2 calls it `client_id`.
    azp: String,
    pub(crate) client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) scope: String,
    iat: i64,
    pub(crate) exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    /// Ours: the id of the grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gty: Option<String>,
}

/// One audience is a string, several are a list (RFC 7519 §4.1.3).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audiences {
    One(String),
    Several(Vec<String>),
}

impl Audiences {
    fn new(mut all: Vec<String>) -> Self {
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => {
                all.extend(last);
                Self::Several(all)
            }
        }
    }

    pub(crate) fn all(self) -> Vec<String> {
        match self {
            Self::One(only) => vec![only],
            Self::Several(all) => all,
        }
    }
}

impl AccessClaims {
    /// `None`: no subject that a token of ours can have.
    pub(crate) fn subject(&self) -> Option<Subject> {
        match self.gty.as_deref() {
            None => UserId::parse(&self.sub).map(Subject::User),
            Some(CLIENT_CREDENTIALS) => {
                (self.sub == Subject::Client.claim(&self.client_id)).then_some(Subject::Client)
            }
            Some(_) => None,
        }
    }
}

/// Signs an access token (RFC 9068).
///
/// # Errors
///
/// [`SigningError`]: there is no key, or it does not sign.
pub fn access_token(
    keys: &SigningKeys,
    algorithm: Algorithm,
    issuer: &Issuer,
    token: &AccessToken<'_>,
    now: Timestamp,
) -> Result<String, SigningError> {
    let gty = match token.subject {
        Subject::User(_) => None,
        Subject::Client => Some(CLIENT_CREDENTIALS.to_owned()),
    };
    let claims = AccessClaims {
        iss: issuer.to_string(),
        sub: token.subject.claim(token.client.as_str()),
        aud: Audiences::new(token.audiences.clone()),
        azp: token.client.to_string(),
        client_id: token.client.to_string(),
        scope: token.scope.to_string(),
        iat: numeric_date(now),
        exp: numeric_date(now + token.lifetime),
        jti: token.id.to_owned(),
        sid: token.session.map(|session| session.to_string()),
        gid: token.grant.map(str::to_owned),
        gty,
    };
    keys.signing((KeyUsage::Token, algorithm))?.sign(token.token_type.typ(), &claims)
}
