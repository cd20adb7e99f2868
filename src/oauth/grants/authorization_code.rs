use super::error::GrantError;
use super::issue::{Issuance, IssuedTokens};
use super::pkce;
use super::service::Grants;
use super::token_request::{TokenRequest, TokenTarget};
use crate::domain::AuthorizationCodeDigest;
use crate::oauth::client::{Client, GrantType};
use crate::oauth::issuer::Issuer;
use crate::store::{GrantState, NewGrant, RedeemedCode, StoredAuthorizationCode, StoredGrant};

/// A token request with an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
pub struct CodeRedemption<'a> {
    pub code: &'a str,
    /// Empty if the request has none.
    pub redirect_uri: &'a str,
    pub code_verifier: Option<&'a str>,
    /// The API that the tokens are for, if the request names it again (RFC 8707 §2.2).
    pub target: TokenTarget<'a>,
}

impl Grants {
    /// Redeems an authorization code for tokens. The first redemption uses the code up, whether it
    /// succeeds or not; a second one revokes what the first was given (RFC 6749 §4.1.2).
    ///
    /// # Errors
    ///
    /// What is wrong with the code, its client, `redirect_uri` or verifier;
    /// [`GrantError::UserBlocked`], [`GrantError::SessionEnded`], [`GrantError::Signing`] and
    /// [`GrantError::Store`].
    pub async fn redeem_code(
        &self,
        client: &Client,
        redemption: &CodeRedemption<'_>,
    ) -> Result<IssuedTokens, GrantError> {
        let digest = AuthorizationCodeDigest::of(redemption.code);
        let found = self.store.find_code(&digest).await;
        let found = found.map_err(self.store_failed("read an authorization code"))?;
        let code = found.ok_or(GrantError::UnknownCode)?;
        let request = match token_request(client, &code, redemption, &self.signer.issuer) {
            Ok(request) => request,
            Err(error) => {
                // The refusal is answered whatever becomes of this.
                let _ = self.use_up(client, &digest, None).await;
                return Err(error);
            }
        };
        let (new, refresh_token) = self.signer.new_grant(client, &request);
        let grant = self.use_up(client, &digest, Some(&new)).await?;
        let nonce = code.nonce.as_deref();
        let issuance = Issuance { client, grant: &grant, request: &request, nonce };
        let issued = self.signer.tokens(&issuance, refresh_token)?;
        self.record_issued(client, GrantType::AuthorizationCode);
        Ok(issued)
    }

    /// Uses the code up and opens `new` with it; `None`: for nothing, and then always an error.
    async fn use_up(
        &self,
        client: &Client,
        code: &AuthorizationCodeDigest,
        new: Option<&NewGrant>,
    ) -> Result<StoredGrant, GrantError> {
        let (now, steady) = (self.system.now(), self.system.steady());
        let redeemed = self.store.redeem_code(code, new, now, steady).await;
        match redeemed.map_err(self.store_failed("redeem an authorization code"))? {
            RedeemedCode::Redeemed(GrantState::Active(grant)) => Ok(grant),
            RedeemedCode::Redeemed(GrantState::Blocked) => Err(GrantError::UserBlocked),
            RedeemedCode::Redeemed(GrantState::Ended) => Err(GrantError::SessionEnded),
            RedeemedCode::Expired => Err(GrantError::ExpiredCode),
            RedeemedCode::Unknown => Err(GrantError::UnknownCode),
            RedeemedCode::Reused { revoked } => {
                if let Some(grant) = revoked {
                    self.record_reuse("an authorization code", client, grant);
                }
                Err(GrantError::ReusedCode)
            }
        }
    }
}

/// What tokens the code is for, if it is redeemed by the client and in the way it was issued for.
fn token_request(
    client: &Client,
    code: &StoredAuthorizationCode,
    redemption: &CodeRedemption<'_>,
    issuer: &Issuer,
) -> Result<TokenRequest, GrantError> {
    if code.client != client.id {
        return Err(GrantError::WrongClient);
    }
    if code.redirect_uri != redemption.redirect_uri {
        let given = redemption.redirect_uri.to_owned();
        return Err(GrantError::RedirectUriMismatch { given, asked: code.redirect_uri.clone() });
    }
    let proved = match (&code.challenge, redemption.code_verifier) {
        (Some(challenge), Some(verifier)) => pkce::verifies(challenge, verifier),
        // `/authorize` requires a challenge, too.
        (None, None) => !client.requires_pkce,
        // A downgrade: the challenge was removed from the authorization request (RFC 9700 §4.8.2).
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !proved {
        return Err(GrantError::PkceFailed);
    }
    redemption.target.check_granted(code.audience.as_ref(), issuer)?;
    Ok(TokenRequest { scope: code.scope.clone(), audience: code.audience.clone() })
}
