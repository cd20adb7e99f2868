use super::error::GrantError;
use super::issue::{Issuance, IssuedTokens};
use super::refresh_token::RefreshToken;
use super::service::Grants;
use super::token_request::TokenRequest;
use crate::oauth::client::{Client, Grant};
use crate::store::{RefreshWorth, Rotation, StoredGrant, StoredRefresh};

/// A token request with a refresh token (RFC 6749 §6).
pub struct RefreshRequest<'a> {
    pub refresh_token: &'a str,
    /// `None`: all that was granted.
    pub scope: Option<&'a str>,
    pub audience: Option<&'a str>,
}

impl Grants {
    /// Issues new tokens for a refresh token, and its successor if the client rotates. The token
    /// is read before it is used: an unknown one causes no write, and a request for what the grant
    /// does not give leaves the token valid.
    ///
    /// # Errors
    ///
    /// What is wrong with the token, the scope or the audience; [`GrantError::UserBlocked`],
    /// [`GrantError::Signing`] and [`GrantError::Store`].
    pub async fn refresh(
        &self,
        client: &Client,
        request: &RefreshRequest<'_>,
    ) -> Result<IssuedTokens, GrantError> {
        let token = RefreshToken::parse(request.refresh_token);
        let token = token.ok_or(GrantError::UnknownRefreshToken)?;
        let (digests, id, at) = (token.digests(), &client.id, self.system.now());
        let found = self.store.refresh(&digests, id, at).await;
        let found = found.map_err(self.store_failed("read a refresh token"))?;
        let grant = self.active(client, found).await?;
        let (scope, audience) = (request.scope, request.audience);
        let tokens =
            TokenRequest::for_refresh(client, &grant, scope, audience, &self.signer.issuer)?;

        let next = client.rotates.then(|| token.next(&self.system));
        let present = next.as_ref().map(|next| next.digests().present);
        let rotation = Rotation { client: id, token: &digests, next: present, at };
        let rotated = self.store.rotate(&rotation).await;
        let rotated = rotated.map_err(self.store_failed("use a refresh token"))?;
        let grant = self.active(client, rotated).await?;
        let issuance = Issuance { client, grant: &grant, request: &tokens, nonce: None };
        let issued = self.signer.tokens(&issuance, next.map(|next| next.reveal()))?;
        self.record_issued(client, Grant::RefreshToken);
        Ok(issued)
    }

    /// The grant of a refresh token that is active. A replaced token revokes its grant: only a
    /// holder of an earlier token of the grant can present one, its owner or a thief, and which of
    /// the two has the present one is unknown (RFC 9700 §4.14.2).
    async fn active(
        &self,
        client: &Client,
        found: Option<StoredRefresh>,
    ) -> Result<StoredGrant, GrantError> {
        let found = found.ok_or(GrantError::UnknownRefreshToken)?;
        match found.worth {
            RefreshWorth::Good => Ok(found.grant),
            RefreshWorth::Over => Err(GrantError::RefreshTokenEnded),
            RefreshWorth::Blocked => Err(GrantError::UserBlocked),
            RefreshWorth::Replaced => {
                let grant = found.grant.id;
                let revoked = self.store.revoke(grant, self.system.now()).await;
                revoked.map_err(self.store_failed("revoke a grant"))?;
                self.record_reuse("a refresh token", client, grant);
                Err(GrantError::ReusedRefreshToken)
            }
        }
    }
}
