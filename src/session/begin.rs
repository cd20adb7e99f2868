use super::sessions::Sessions;
use super::signed_in::SignedIn;
use super::state::SessionSettings;
use super::token::SessionToken;
use crate::domain::{Host, SessionId, TokenDigest};
use crate::store::StoreError;
use crate::system::Timestamp;

/// A session that is about to begin. Its id and token are made before the transaction that writes
/// them.
#[derive(Debug)]
pub struct PreparedSession {
    pub id: SessionId,
    pub token: SessionToken,
    pub digest: TokenDigest,
    pub host: Host,
    pub expires: Timestamp,
}

impl Sessions {
    /// Makes the id and the token of a session at `host`. The token is derived from `seed`, which
    /// must be unpredictable: the same seed gives the same token, so that a double click can be
    /// answered twice.
    pub fn prepare(
        &self,
        host: &Host,
        seed: &[u8; 32],
        settings: SessionSettings,
    ) -> PreparedSession {
        let token = SessionToken::new(seed, &self.token_keys[0]);
        PreparedSession {
            id: SessionId::from_bytes(self.system.random()),
            digest: token.digest(),
            token,
            host: host.clone(),
            expires: self.system.now() + settings.lifetime,
        }
    }

    /// Makes a token for another host of a session, or redeems a ticket by making its session's
    /// first one. `None` if the session has ended or the ticket has expired.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub async fn begin_at(
        &self,
        session: SessionId,
        host: &Host,
        settings: SessionSettings,
    ) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
        let token = SessionToken::new(&self.system.random(), &self.token_keys[0]);
        let (digest, now) = (token.digest(), self.system.now());
        if !self.store.add_token(session, &digest, host, now).await? {
            return Ok(None);
        }
        // Until now the session of a ticket was not found by its id.
        self.by_session.invalidate(&session);
        let who = self.check(&token, host, settings).await?;
        Ok(who.map(|who| (token, who)))
    }
}
