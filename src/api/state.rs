use std::sync::Arc;

use super::fresh_login::FreshLogins;
use super::login_tickets::LoginTickets;
use super::login_transactions::LoginTransactions;
use crate::events::EventSink;
use crate::login::Login;
use crate::oauth::{Clients, Grants, Issuer, OauthSettings, SigningKeys};
use crate::pages::{Account, BrowserSessions, LoginPages, Shell};
use crate::store::StoreError;

/// What the endpoints of the API share. One for each configuration.
pub(crate) struct Api {
    pub(crate) settings: Arc<OauthSettings>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) grants: Grants,
    /// Where users log in for an application.
    pub(crate) login_pages: Arc<LoginPages>,
    pub(crate) account: Arc<Account>,
    pub(crate) login_tickets: LoginTickets,
    pub(crate) transactions: LoginTransactions,
    pub(crate) fresh_logins: FreshLogins,
    pub(crate) events: Arc<dyn EventSink>,
}

impl Api {
    pub(super) fn clients(&self) -> &Clients {
        &self.settings.clients
    }

    pub(super) fn shell(&self) -> &Shell {
        &self.login_pages.shell
    }

    pub(super) fn issuer(&self) -> &Issuer {
        self.shell().map().issuer()
    }

    pub(super) fn login(&self) -> &Login {
        &self.login_pages.login
    }

    pub(super) fn sessions(&self) -> &BrowserSessions {
        &self.login_pages.sessions
    }

    /// Reports a store that failed while `doing` something.
    pub(super) fn store_failed(&self, doing: &'static str, error: &StoreError) {
        self.events.store_failed(doing, error);
    }
}
