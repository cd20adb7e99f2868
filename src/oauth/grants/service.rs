use std::sync::Arc;

use super::error::GrantError;
use super::issue::TokenSigner;
use crate::domain::GrantId;
use crate::events::{Event, EventSink};
use crate::oauth::client::{Client, GrantType};
use crate::oauth::issuer::Issuer;
use crate::oauth::keys::SigningKeys;
use crate::oauth::settings::OauthSettings;
use crate::session::Sessions;
use crate::store::{self, StoreError};
use crate::system::System;
use crate::users::Directory;

/// What [`Grants`] is made of.
pub struct GrantsDeps {
    pub store: Arc<dyn store::GrantStore>,
    pub sessions: Arc<Sessions>,
    pub keys: Arc<SigningKeys>,
    pub settings: Arc<OauthSettings>,
    pub issuer: Issuer,
    /// URL of the `picture` claim, one for every user.
    pub picture: String,
    pub directory: Arc<Directory>,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

/// Issues, renews, checks and revokes what clients are given. One for each configuration.
///
/// Every method expects a client that is authenticated already and may use the grant type.
pub struct Grants {
    pub(super) store: Arc<dyn store::GrantStore>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) signer: TokenSigner,
    pub(super) settings: Arc<OauthSettings>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) system: System,
}

impl Grants {
    pub fn new(deps: GrantsDeps) -> Self {
        let signer = TokenSigner {
            keys: deps.keys,
            algorithm: deps.settings.algorithm,
            issuer: deps.issuer,
            picture: deps.picture,
            groups_claim: deps.settings.groups_claim.clone(),
            directory: deps.directory,
            system: deps.system.clone(),
        };
        Self {
            store: deps.store,
            sessions: deps.sessions,
            signer,
            settings: deps.settings,
            events: deps.events,
            system: deps.system,
        }
    }

    /// Reports a store that failed while `doing` something.
    pub(super) fn store_failed(
        &self,
        doing: &'static str,
    ) -> impl FnOnce(StoreError) -> GrantError + '_ {
        move |error| {
            self.events.store_failed(doing, &error);
            GrantError::Store(error)
        }
    }

    /// Records that `client` was given tokens by `grant_type`.
    pub(super) fn record_issued(&self, client: &Client, grant_type: GrantType) {
        let (client, grant) = (client.id.as_str(), grant_type.name());
        self.events.record(&Event::TokensGiven { client, grant });
    }

    /// Records that `what`, good for one use, came again: its grant is revoked in the store.
    pub(super) fn record_reuse(&self, what: &'static str, client: &Client, grant: GrantId) {
        self.sessions.note_revoked(grant);
        self.events.record(&Event::Reused { what, client: client.id.as_str(), grant });
    }
}
