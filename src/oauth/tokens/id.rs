use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Kind, Profile, numeric_date};
use crate::domain::{ClientId, Scope, SessionId, UserId};
use crate::oauth::{Algorithm, Issuer, SigningKeys, Unsigned, Usage};
use crate::system::Timestamp;

/// What an ID token says.
#[derive(Clone, Debug)]
pub struct IdToken<'a> {
    pub client: &'a ClientId,
    pub user: UserId,
    pub session: Option<SessionId>,
    /// What the client sent to `/authorize`. Never anything else: SDKs refuse a token with a
    /// nonce that they did not ask for.
    pub nonce: Option<&'a str>,
    /// When the user proved who they are, also in a token that came of a refresh (OpenID Connect
    /// Core 1.0 §12.2): a client that asked with `max_age` looks for it in every one.
    pub auth_time: Timestamp,
    /// The access token that it comes with, where the two come from `/authorize` together.
    pub at_hash_of: Option<&'a str>,
    pub profile: &'a Profile,
    pub scope: &'a Scope,
    pub lifetime: Duration,
}

/// The claims of an ID token. Optional ones are left out, never `null`.
#[derive(Serialize, Deserialize)]
pub(in crate::oauth) struct IdClaims {
    pub(in crate::oauth) iss: String,
    pub(in crate::oauth) sub: String,
    /// One text, not a list: some clients compare it as it is.
    pub(in crate::oauth) aud: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::oauth) sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(flatten)]
    profile: Map<String, Value>,
}

/// Tells a client who signed in (OpenID Connect Core 1.0 §2).
pub fn id_token(
    keys: &SigningKeys,
    algorithm: Algorithm,
    issuer: &Issuer,
    token: &IdToken<'_>,
    now: Timestamp,
) -> Result<String, Unsigned> {
    let key = keys.signing((Usage::Token, algorithm))?;
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
    key.sign(Kind::Id.typ(), &claims)
}
