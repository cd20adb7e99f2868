use super::error::GrantError;
use super::issue::IssuedAccessToken;
use super::service::Grants;
use super::token_request::{TokenRequest, TokenTarget};
use crate::oauth::client::{Client, GrantType};

impl Grants {
    /// Issues a token for the client itself (RFC 6749 §4.4): no user, no session, no refresh
    /// token. `client` must have shown its secret.
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`], [`GrantError::UnknownAudience`],
    /// [`GrantError::UnknownResource`] and [`GrantError::Signing`].
    pub fn client_credentials(
        &self,
        client: &Client,
        scope: Option<&str>,
        target: TokenTarget<'_>,
    ) -> Result<IssuedAccessToken, GrantError> {
        let request = TokenRequest::for_client(client, scope, target, &self.signer.issuer)?;
        let issued = self.signer.client_token(client, &request)?;
        self.record_issued(client, GrantType::ClientCredentials);
        Ok(issued)
    }
}
