use super::tokens::Subject;
use super::verify::{InvalidToken, VerifiedAccessToken};
use crate::domain::{ClientId, GrantId, SessionId, UserId};
use crate::session::TokenExpiry;
use crate::store::StoredGrant;

/// The login that a user's access token was issued in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLogin {
    pub user: UserId,
    pub session: SessionId,
    pub grant: GrantId,
}

impl TokenLogin {
    /// Whether `grant`, as the store has it now, is the one of this login, given to `client`.
    pub fn is_of(&self, grant: &StoredGrant, client: &ClientId) -> bool {
        grant.user == self.user && grant.client == *client
    }
}

impl VerifiedAccessToken {
    /// The login that the token was issued in; `None`: its client acts for itself.
    ///
    /// # Errors
    /// [`InvalidToken::Malformed`] when a user's token names no session or no grant.
    pub fn login(&self) -> Result<Option<TokenLogin>, InvalidToken> {
        let Subject::User(user) = self.subject else { return Ok(None) };
        let (Some(session), Some(grant)) = (self.session, self.grant) else {
            return Err(InvalidToken::Malformed);
        };
        Ok(Some(TokenLogin { user, session, grant }))
    }

    /// When the token stops being accepted, besides the end of its session.
    pub fn term(&self) -> TokenExpiry {
        TokenExpiry { grant: self.grant, expires: self.expires }
    }
}
