use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::super::error::ApiError;
use crate::domain::{GrantId, PhoneNumber, Secret, SessionId, UserId, digest};
use crate::oauth::{
    self, AccessToken, Asked, Client, IdToken, Profile, RefreshToken, Subject, Unsigned,
};
use crate::pages::Web;
use crate::store::{NewGrant, StoredGrant};
use crate::system::{System, Timestamp};

/// What is given for one login: all of it, or nothing.
pub(in crate::api) struct Issue<'a> {
    pub(in crate::api) client: &'a Client,
    pub(in crate::api) grant: &'a StoredGrant,
    pub(in crate::api) asked: &'a Asked,
    /// Only what `/authorize` was given.
    pub(in crate::api) nonce: Option<&'a str>,
    /// The text of a refresh token that the grant has.
    pub(in crate::api) refresh: Option<Secret>,
}

/// 256 random bits as a text that fits into every place, and what is kept of it.
pub(in crate::api) fn new_secret(system: &System) -> (Secret, [u8; 32]) {
    let text = URL_SAFE_NO_PAD.encode(system.random::<32>());
    let kept = digest(text.as_bytes());
    (Secret::new(text), kept)
}

/// `jti`: no two tokens share one (RFC 7519 §4.1.7).
pub(super) fn token_id(system: &System) -> String {
    URL_SAFE_NO_PAD.encode(system.random::<16>())
}

impl Web {
    /// The answer of the token endpoint (RFC 6749 §5.1).
    pub(in crate::api) fn give(&self, issue: &Issue<'_>) -> Result<Json<Value>, ApiError> {
        let access = self.access_token(issue)?;
        let mut body = Map::new();
        if issue.asked.wants_id_token() {
            body.insert("id_token".to_owned(), self.id_token(issue, None)?.into());
        }
        if let Some(refresh) = &issue.refresh {
            body.insert("refresh_token".to_owned(), refresh.reveal().into());
        }
        let lifetime = issue.client.lifetimes.access_token;
        body.insert("access_token".to_owned(), access.into());
        body.insert("scope".to_owned(), issue.asked.scope.to_string().into());
        body.insert("expires_in".to_owned(), lifetime.as_secs().into());
        body.insert("token_type".to_owned(), "Bearer".into());
        Ok(Json(Value::Object(body)))
    }

    pub(in crate::api) fn access_token(&self, issue: &Issue<'_>) -> Result<String, ApiError> {
        let Issue { client, grant, asked, .. } = issue;
        let token = AccessToken {
            client: &client.id,
            subject: Subject::User(grant.user),
            session: Some(grant.session),
            grant: Some(&grant.id.to_string()),
            audiences: asked.audiences(self.map.issuer()),
            scope: &asked.scope,
            lifetime: client.lifetimes.access_token,
            id: &token_id(&self.system),
        };
        self.signed(&token)
    }

    pub(in crate::api) fn signed(&self, token: &AccessToken<'_>) -> Result<String, ApiError> {
        let (algorithm, issuer) = (self.oauth.algorithm, self.map.issuer());
        let signed = oauth::access_token(&self.keys, algorithm, issuer, token, self.system.now());
        signed.map_err(|why| unsigned(&why))
    }

    /// `beside`: the access token that it comes with from `/authorize`.
    pub(in crate::api) fn id_token(
        &self,
        issue: &Issue<'_>,
        beside: Option<&str>,
    ) -> Result<String, ApiError> {
        let Issue { client, grant, asked, .. } = issue;
        let token = IdToken {
            client: &client.id,
            user: grant.user,
            session: Some(grant.session),
            nonce: issue.nonce,
            auth_time: grant.signed_in,
            at_hash_of: beside,
            profile: &self.profile(&grant.phone, grant.signed_in),
            scope: &asked.scope,
            lifetime: client.lifetimes.id_token,
        };
        let (algorithm, issuer) = (self.oauth.algorithm, self.map.issuer());
        let signed = oauth::id_token(&self.keys, algorithm, issuer, &token, self.system.now());
        signed.map_err(|why| unsigned(&why))
    }

    /// What is told of a user, who last changed when they signed in.
    pub(in crate::api) fn profile(&self, phone: &PhoneNumber, at: Timestamp) -> Profile {
        let picture = self.shell.views().picture(&self.map.issuer().url(""));
        Profile { phone: phone.clone(), picture, updated: at }
    }

    /// A grant for a client, with a refresh token if one is wanted, and that token's text. Without
    /// one it lasts as long as its access token.
    pub(in crate::api) fn new_grant(
        &self,
        client: &Client,
        asked: &Asked,
    ) -> (NewGrant, Option<Secret>) {
        let now = self.system.now();
        let refresh = asked.wants_refresh_token().then(|| RefreshToken::first(&self.system));
        let life = &client.lifetimes;
        let kept = refresh.as_ref().map(RefreshToken::digests);
        let grant = NewGrant {
            id: GrantId::from_bytes(self.system.random()),
            client: client.id.to_string(),
            scope: asked.scope.to_string(),
            audience: asked.audience.clone().unwrap_or_default(),
            expires: now + if kept.is_some() { life.refresh } else { life.access_token },
            idle: if kept.is_some() { life.refresh_idle } else { life.access_token },
            refresh: kept,
        };
        (grant, refresh.map(|token| token.reveal()))
    }
}

fn unsigned(why: &Unsigned) -> ApiError {
    tracing::error!(%why, "a token could not be signed");
    ApiError::unavailable()
}

/// A grant that began just now, as it would be read from the store.
pub(super) fn begun(
    new: &NewGrant,
    (user, phone): (UserId, &PhoneNumber),
    session: SessionId,
    at: Timestamp,
) -> StoredGrant {
    StoredGrant {
        id: new.id,
        client: new.client.clone(),
        user,
        phone: phone.clone(),
        session,
        signed_in: at,
        scope: new.scope.clone(),
        audience: new.audience.clone(),
        expires: new.expires,
    }
}
