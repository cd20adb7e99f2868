use super::error::GrantError;
use super::issue::{Issuance, IssuedTokens};
use super::refresh_token::RefreshToken;
use super::service::Grants;
use super::token_request::{TokenRequest, TokenTarget};
use crate::oauth::client::{Client, GrantType};
use crate::store::{
    RefreshRotation, RefreshSuccessor, RefreshTokenState, StoredGrant, StoredRefreshToken,
};
use crate::system::Timestamp;

/// A token request with a refresh token (RFC 6749 §6).
pub struct RefreshRequest<'a> {
    pub refresh_token: &'a str,
    /// `None`: all that was granted.
    pub scope: Option<&'a str>,
    pub target: TokenTarget<'a>,
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
        let (grant, overlapping) = self.active(client, &token, found).await?;
        let (scope, target, issuer) = (request.scope, request.target, &self.signer.issuer);
        let tokens = TokenRequest::for_refresh(client, &grant, scope, target, issuer)?;

        let (grant, next) = match overlapping {
            Some(next) => (grant, Some(next)),
            None => self.rotate(client, &token, at).await?,
        };
        let issuance = Issuance { client, grant: &grant, request: &tokens, nonce: None };
        // One that stays is repeated: some clients keep what the last answer held.
        let kept = next.as_ref().unwrap_or(&token).reveal();
        let tokens = self.signer.tokens(&issuance, Some(kept))?;
        self.record_issued(client, GrantType::RefreshToken);
        Ok(tokens)
    }

    /// Uses a token that was found active: its grant, and its successor if the client rotates or
    /// another request with the token has just been faster.
    async fn rotate(
        &self,
        client: &Client,
        token: &RefreshToken,
        at: Timestamp,
    ) -> Result<(StoredGrant, Option<RefreshToken>), GrantError> {
        let next = client.rotates.then(|| token.next(&self.system));
        let successor = next.as_ref().map(|next| RefreshSuccessor {
            digest: next.digests().present,
            masked: token.mask(next),
            overlap_end: overlap_end(client, at),
        });
        let digests = token.digests();
        let rotation = RefreshRotation { client: &client.id, token: &digests, next: successor, at };
        let used = self.store.rotate_refresh_token(&rotation).await;
        let used = used.map_err(self.store_failed("use a refresh token"))?;
        let (grant, overlapping) = self.active(client, token, used).await?;
        Ok((grant, overlapping.or(next)))
    }

    /// The grant of a refresh token that is active, and within the overlap its successor. A token
    /// that was replaced before revokes its grant: only a holder of an earlier token of the grant
    /// can present one, its owner or a thief, and which of the two has the present one is unknown
    /// (RFC 9700 §4.14.2).
    async fn active(
        &self,
        client: &Client,
        token: &RefreshToken,
        found: Option<StoredRefreshToken>,
    ) -> Result<(StoredGrant, Option<RefreshToken>), GrantError> {
        let found = found.ok_or(GrantError::UnknownRefreshToken)?;
        match found.state {
            RefreshTokenState::Active => Ok((found.grant, None)),
            RefreshTokenState::JustReplaced(masked) => {
                Ok((found.grant, Some(token.unmask(&masked))))
            }
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

/// Until when a token that `client` replaces at `at` leads to its successor.
fn overlap_end(client: &Client, at: Timestamp) -> Timestamp {
    let overlap = client.lifetimes.refresh_overlap;
    // Without one, not even for a request whose time was taken a moment earlier.
    if overlap.is_zero() { Timestamp::from_millis(0) } else { at + overlap }
}
