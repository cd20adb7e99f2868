use super::error::GrantError;
use super::refresh_token::RefreshToken;
use super::service::Grants;
use crate::domain::GrantId;
use crate::events::Event;
use crate::oauth::client::Client;
use crate::oauth::verify::verify_access_token;

impl Grants {
    /// Revokes the grant of a refresh or access token (RFC 7009 §2.1), and with it every token of
    /// the same login. A token that is unknown, or another client's, is no error (§2.2).
    ///
    /// # Errors
    ///
    /// [`GrantError::Store`].
    pub async fn revoke(&self, client: &Client, token: &str) -> Result<(), GrantError> {
        let Some(grant) = self.grant_of(client, token).await? else { return Ok(()) };
        let revoked = self.store.revoke_grant(grant, self.system.now()).await;
        let revoked = revoked.map_err(self.store_failed("revoke a grant"))?;
        self.sessions.note_revoked(grant);
        if revoked {
            self.events.record(&Event::GrantRevoked { client: client.id.as_str(), grant });
        }
        Ok(())
    }

    /// The grant of a token of the client's, replaced or not.
    async fn grant_of(&self, client: &Client, token: &str) -> Result<Option<GrantId>, GrantError> {
        let now = self.system.now();
        if let Some(refresh) = RefreshToken::parse(token) {
            let found = self.store.find_refresh_token(&refresh.digests(), &client.id, now).await;
            let found = found.map_err(self.store_failed("read a refresh token"))?;
            return Ok(found.map(|found| found.grant.id));
        }
        let access = verify_access_token(&self.signer.keys, &self.signer.issuer, token, now).ok();
        Ok(access.filter(|access| access.client == client.id).and_then(|access| access.grant))
    }
}
