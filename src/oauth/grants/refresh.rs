use super::error::GrantError;
use super::issue::{Issuance, IssuedTokens};
use super::refresh_token::RefreshToken;
use super::service::Grants;
use super::token_request::TokenRequest;
use crate::oauth::client::{Client, GrantType};
use crate::store::{RefreshRotation, RefreshTokenState, StoredGrant, StoredRefreshToken};

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
        let found = self.store.find_refresh_token(&digests, id, at).await;
        let found = found.map_err(self.store_failed("read a refresh token"))?;
        let grant = self.active(client, found).await?;
        let (scope, audience, issuer) = (request.scope, request.audience, &self.signer.issuer);
        let tokens = TokenRequest::for_refresh(client, &grant, scope, audience, issuer)?;

        let next = client.rotates.then(|| token.next(&self.system));
        let present = next.as_ref().map(|next| next.digests().present);
        let rotation = RefreshRotation { client: id, token: &digests, next: present, at };
        let used = self.store.rotate_refresh_token(&rotation).await;
        let used = used.map_err(self.store_failed("use a refresh token"))?;
        let grant = self.active(client, used).await?;
        let issuance = Issuance { client, grant: &grant, request: &tokens, nonce: None };
        let tokens = self.signer.tokens(&issuance, next.map(|next| next.reveal()))?;
        self.record_issued(client, GrantType::RefreshToken);
        Ok(tokens)
    }

    /// The grant of a refresh token that is active. A replaced token revokes its grant: only a
    /// holder of an earlier token of the grant can present one, its owner or a thief, and which of
    /// the two has the present one is unknown (RFC 9700 §4.14.2).
    async fn active(
        &self,
        client: &Client,
        found: Option<StoredRefreshToken>,
    ) -> Result<StoredGrant, GrantError> {
        let found = found.ok_or(GrantError::UnknownRefreshToken)?;
        match found.state {
            RefreshTokenState::Active => Ok(found.grant),
            RefreshTokenState::Ended => Err(GrantError::RefreshTokenEnded),
            RefreshTokenState::Blocked => Err(GrantError::UserBlocked),
            RefreshTokenState::Replaced => {
                let grant = found.grant.id;
                let revoked = self.store.revoke_grant(grant, self.system.now()).await;
                revoked.map_err(self.store_failed("revoke a grant"))?;
                self.record_reuse("a refresh token", client, grant);
                Err(GrantError::ReusedRefreshToken)
            }
        }
    }
}
