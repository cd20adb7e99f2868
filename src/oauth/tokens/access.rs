use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Kind, numeric_date};
use crate::domain::{ClientId, Scope, SessionId, UserId};
use crate::oauth::{Algorithm, Issuer, SigningKeys, Unsigned, Usage};
use crate::system::Timestamp;

/// On whose behalf a client acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    User(UserId),
    /// The client's own (RFC 6749 §4.4).
    Client,
}

/// What stands behind a client's id where the client is its own subject, as at Auth0.
const OWN: &str = "@clients";
/// Auth0's word in `gty` for a token of the client's own.
const CLIENT_CREDENTIALS: &str = "client-credentials";

/// The `sub` of a client's own tokens.
pub fn own_subject(client: &ClientId) -> String {
    own(client.as_str())
}

fn own(client: &str) -> String {
    format!("{client}{OWN}")
}

impl Subject {
    fn claim(self, client: &str) -> String {
        match self {
            Self::User(user) => user.to_string(),
            Self::Client => own(client),
        }
    }
}

/// What an access token says.
#[derive(Clone, Debug)]
pub struct AccessToken<'a> {
    pub client: &'a ClientId,
    pub subject: Subject,
    pub session: Option<SessionId>,
    /// The id of the grant that it came from: revoking that ends the token too.
    pub grant: Option<&'a str>,
    /// Whom it is for, in full.
    pub audiences: Vec<String>,
    pub scope: &'a Scope,
    pub lifetime: Duration,
    /// Names the token (`jti`); no two share one.
    pub id: &'a str,
}

/// The claims of an access token. Optional ones are left out, never `null`.
#[derive(Serialize, Deserialize)]
pub(in crate::oauth) struct AccessClaims {
    pub(in crate::oauth) iss: String,
    sub: String,
    pub(in crate::oauth) aud: Audiences,
    /// As Auth0 names the client; RFC 9068 §2.2 calls it `client_id`.
    azp: String,
    pub(in crate::oauth) client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::oauth) scope: String,
    iat: i64,
    pub(in crate::oauth) exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::oauth) sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::oauth) gid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gty: Option<String>,
}

/// One audience is a text, several are a list (RFC 7519 §4.1.3).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::oauth) enum Audiences {
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

    pub(in crate::oauth) fn all(self) -> Vec<String> {
        match self {
            Self::One(only) => vec![only],
            Self::Several(all) => all,
        }
    }
}

impl AccessClaims {
    /// `None`: nobody whom a token of ours could be for.
    pub(in crate::oauth) fn subject(&self) -> Option<Subject> {
        match self.gty.as_deref() {
            None => UserId::parse(&self.sub).map(Subject::User),
            Some(CLIENT_CREDENTIALS) => {
                (self.sub == Subject::Client.claim(&self.client_id)).then_some(Subject::Client)
            }
            Some(_) => None,
        }
    }
}

/// Lets a client act for its subject (RFC 9068), until the token runs out or what it came from
/// ends.
pub fn access_token(
    keys: &SigningKeys,
    algorithm: Algorithm,
    issuer: &Issuer,
    token: &AccessToken<'_>,
    now: Timestamp,
) -> Result<String, Unsigned> {
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
    keys.signing((Usage::Token, algorithm))?.sign(Kind::Access.typ(), &claims)
}
