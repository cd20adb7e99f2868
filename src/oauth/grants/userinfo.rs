use serde_json::{Map, Value};

use super::error::GrantError;
use super::service::Grants;
use crate::domain::{ClientId, UserId};
use crate::oauth::verify::{VerifiedAccessToken, verify_access_token};
use crate::store::{GrantState, StoredGrant};

/// What `/userinfo` answers (OpenID Connect Core 1.0 §5.3.2).
#[derive(Debug)]
pub struct UserInfo {
    pub user: UserId,
    /// What the token's scope lets its client see, without `sub`.
    pub claims: Map<String, Value>,
    /// The client that the token was issued to.
    pub client: ClientId,
}

impl Grants {
    /// The claims that an access token for `/userinfo` gives access to.
    ///
    /// # Errors
    ///
    /// [`GrantError::InactiveToken`] and [`GrantError::Store`].
    pub async fn userinfo(&self, token: &str) -> Result<UserInfo, GrantError> {
        let (issuer, now) = (&self.signer.issuer, self.system.now());
        let token = verify_access_token(&self.signer.keys, issuer, token, now)
            .map_err(|_| GrantError::InactiveToken)?;
        let is_for_userinfo = token.is_for(&issuer.url("/userinfo"));
        if !is_for_userinfo || !token.scope.contains("openid") {
            return Err(GrantError::InactiveToken);
        }
        let grant = self.active_grant(&token).await?;
        let client = self.settings.clients.find(token.client.as_str());
        let client = client.ok_or(GrantError::InactiveToken)?;
        let claims = self.signer.profile(&grant, client).claims(&token.scope);
        Ok(UserInfo { user: grant.user, claims, client: token.client })
    }

    /// The grant that a verified token came from, if it is active now and of the token's user, and
    /// its client is still configured.
    ///
    /// # Errors
    ///
    /// [`GrantError::InactiveToken`] and [`GrantError::Store`]. A client's own token has no grant
    /// and is [`GrantError::InactiveToken`].
    pub async fn active_grant(
        &self,
        token: &VerifiedAccessToken,
    ) -> Result<StoredGrant, GrantError> {
        let is_client = self.settings.clients.find(token.client.as_str()).is_some();
        let (Ok(Some(login)), true) = (token.login(), is_client) else {
            return Err(GrantError::InactiveToken);
        };
        let state = self.store.grant_state(login.grant).await;
        match state.map_err(self.store_failed("read a grant"))? {
            GrantState::Active(grant) if login.is_of(&grant, &token.client) => Ok(grant),
            GrantState::Active(_) | GrantState::Ended | GrantState::Blocked => {
                Err(GrantError::InactiveToken)
            }
        }
    }
}
