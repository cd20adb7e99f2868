use std::collections::BTreeSet;

use super::error::GrantError;
use super::issue::{Issuance, IssuedTokens, wants_groups};
use super::service::Grants;
use super::token_request::TokenRequest;
use crate::domain::{GrantId, PhoneNumber, Role, Secret, SessionId, UserId};
use crate::oauth::client::{Client, GrantType};
use crate::store::{GrantState, NewGrant, StoredGrant};
use crate::system::Timestamp;

/// A grant for a login that is about to be proved. It is stored in the transaction that spends the
/// one-time code, so that neither happens without the other.
pub struct PreparedGrant<'a> {
    client: &'a Client,
    request: TokenRequest,
    new: NewGrant,
    refresh_token: Option<Secret>,
    at: Timestamp,
}

impl PreparedGrant<'_> {
    /// What the login has to store.
    pub fn new_grant(&self) -> &NewGrant {
        &self.new
    }
}

/// Who proved themselves, and the session that their login began.
#[derive(Clone, Copy, Debug)]
pub struct ProvedLogin<'a> {
    pub user: UserId,
    pub phone: &'a PhoneNumber,
    pub session: SessionId,
}

impl Grants {
    /// Prepares the grant that a login with a one-time code will open.
    pub fn prepare_otp<'a>(&self, client: &'a Client, request: TokenRequest) -> PreparedGrant<'a> {
        let (new, refresh_token) = self.signer.new_grant(client, &request);
        PreparedGrant { client, request, new, refresh_token, at: self.system.now() }
    }

    /// Issues the tokens of a prepared grant that `login` stored.
    ///
    /// # Errors
    ///
    /// [`GrantError::Signing`]; [`GrantError::Store`] and [`GrantError::SessionEnded`] for a client
    /// that is told roles.
    pub async fn exchange_otp(
        &self,
        prepared: PreparedGrant<'_>,
        login: &ProvedLogin<'_>,
        grant_type: GrantType,
    ) -> Result<IssuedTokens, GrantError> {
        let PreparedGrant { client, request, new, refresh_token, at } = prepared;
        let roles = if wants_groups(client, &request.scope) {
            self.roles_of(new.id).await?
        } else {
            BTreeSet::new()
        };
        let grant = StoredGrant {
            id: new.id,
            client: new.client,
            user: login.user,
            phone: login.phone.clone(),
            roles,
            session: login.session,
            signed_in: at,
            scope: new.scope,
            audience: new.audience,
            expires: new.expires,
        };
        let issuance = Issuance { client, grant: &grant, request: &request, nonce: None };
        let issued = self.signer.tokens(&issuance, refresh_token)?;
        self.record_issued(client, grant_type);
        Ok(issued)
    }

    /// The roles that the store has of the user of a grant.
    async fn roles_of(&self, grant: GrantId) -> Result<BTreeSet<Role>, GrantError> {
        let state = self.store.grant_state(grant).await;
        match state.map_err(self.store_failed("read a grant"))? {
            GrantState::Active(grant) => Ok(grant.roles),
            GrantState::Ended | GrantState::Blocked => Err(GrantError::SessionEnded),
        }
    }
}
