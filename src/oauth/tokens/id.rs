use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::profile::Profile;
use super::token_type::ID_TOKEN_TYPE;
use crate::domain::{ClientId, Scope, SessionId, UserId};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::issuer::Issuer;
use crate::oauth::keys::{KeyUsage, SigningError, SigningKeys};
use crate::oauth::numeric_date::numeric_date;
use crate::system::Timestamp;

/// The content of an ID token.
#[derive(Clone, Debug)]
pub struct IdToken<'a> {
    pub client: &'a ClientId,
    pub user: UserId,
    pub session: Option<SessionId>,
    /// What the client sent to `/authorize`, else none: SDKs reject a nonce that they did not send.
    pub nonce: Option<&'a str>,
    /// When the user authenticated, also in a token that a refresh gave (OpenID Connect Core 1.0
    /// §12.2): a client that asked with `max_age` expects it in every one.
    pub auth_time: Timestamp,
    /// The access token that is issued with it.
    pub at_hash_of: Option<&'a str>,
    pub profile: &'a Profile,
    pub scope: &'a Scope,
    pub lifetime: Duration,
}

/// The claims of an ID token. Optional ones are left out, never `null`.
#[derive(Serialize, Deserialize)]
pub(crate) struct IdClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    /// A string, not a list: some clients compare it byte for byte.
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(flatten)]
    profile: Map<String, Value>,
}

/// Signs an ID token (OpenID Connect Core 1.0 §2).
///
/// # Errors
///
/// [`SigningError`]: there is no key, or it does not sign.
pub fn id_token(
    keys: &SigningKeys,
    algorithm: Algorithm,
    issuer: &Issuer,
    token: &IdToken<'_>,
    now: Timestamp,
) -> Result<String, SigningError> {
    let key = keys.signing((KeyUsage::Token, algorithm))?;
    let claims = IdClaims {
        iss: issuer.to_string(),
        sub: token.user.to_string(),
        aud: token.client.to_string(),
        iat: numeric_date(now),
        exp: numeric_date(now + token.lifetime),
        sid: token.session.map(|session| session.to_string()),
        nonce: token.nonce.map(str::to_owned),
        auth_time: numeric_date(token.auth_time),
        at_hash: token.at_hash_of.map(|access| key.algorithm().half_hash(access)),
        profile: token.profile.claims(token.scope),
    };
    key.sign(ID_TOKEN_TYPE, &claims)
}
