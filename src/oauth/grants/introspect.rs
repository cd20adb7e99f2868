use serde_json::{Map, Value, json};

use super::error::GrantError;
use super::refresh_token::RefreshToken;
use super::service::Grants;
use crate::oauth::client::Client;
use crate::oauth::numeric_date::numeric_date;
use crate::oauth::tokens::{Subject, own_subject};
use crate::oauth::verify::{VerifiedAccessToken, verify_access_token};
use crate::store::RefreshTokenState;

impl Grants {
    /// What RFC 7662 §2.2 answers about an active token: about an access token that was issued to
    /// `client` or is for one of its APIs, and about a refresh token of its own. `None`: it is not
    /// active, or none of the client's business, which look the same. `client` must have shown its
    /// secret.
    ///
    /// # Errors
    ///
    /// [`GrantError::Store`].
    pub async fn introspect(
        &self,
        client: &Client,
        token: &str,
    ) -> Result<Option<Map<String, Value>>, GrantError> {
        if let Some(refresh) = RefreshToken::parse(token) {
            return self.introspect_refresh_token(client, &refresh).await;
        }
        let (issuer, now) = (&self.signer.issuer, self.system.now());
        let Ok(access) = verify_access_token(&self.signer.keys, issuer, token, now) else {
            return Ok(None);
        };
        let concerns = access.client == client.id
            || access.audiences.iter().any(|audience| client.has_audience(audience));
        if !concerns || !self.is_active(&access).await? {
            return Ok(None);
        }
        let subject = match access.subject {
            Subject::User(user) => user.to_string(),
            Subject::Client => own_subject(&access.client),
        };
        let claims = json!({
            "active": true,
            "iss": issuer.to_string(),
            "sub": subject,
            "aud": access.audiences,
            "client_id": access.client.as_str(),
            "scope": access.scope.to_string(),
            "token_type": "Bearer",
            "exp": numeric_date(access.expires),
        });
        Ok(claims.as_object().cloned())
    }

    /// Whether a verified token is accepted now: its client may still ask for all its audiences, and
    /// its login has not ended.
    async fn is_active(&self, access: &VerifiedAccessToken) -> Result<bool, GrantError> {
        let userinfo = self.signer.issuer.url("/userinfo");
        let client = self.settings.clients.find(access.client.as_str());
        let may_have = client.is_some_and(|client| {
            let mut audiences = access.audiences.iter();
            audiences.all(|audience| *audience == userinfo || client.has_audience(audience))
        });
        if !may_have {
            return Ok(false);
        }
        if access.subject == Subject::Client {
            return Ok(true);
        }
        match self.active_grant(access).await {
            Ok(_) => Ok(true),
            Err(GrantError::InactiveToken) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn introspect_refresh_token(
        &self,
        client: &Client,
        token: &RefreshToken,
    ) -> Result<Option<Map<String, Value>>, GrantError> {
        let now = self.system.now();
        let found = self.store.find_refresh_token(&token.digests(), &client.id, now).await;
        let found = found.map_err(self.store_failed("read a refresh token"))?;
        let is_active =
            |state| matches!(state, RefreshTokenState::Active | RefreshTokenState::JustReplaced(_));
        let Some(found) = found.filter(|found| is_active(found.state)) else { return Ok(None) };
        let claims = json!({
            "active": true,
            "iss": self.signer.issuer.to_string(),
            "sub": found.grant.user.to_string(),
            "client_id": client.id.as_str(),
            "scope": found.grant.scope.to_string(),
            "exp": numeric_date(found.grant.expires),
        });
        Ok(claims.as_object().cloned())
    }
}
