use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;

use super::account::Account;
use super::browser_sessions::BrowserSessions;
use super::countries;
use super::flow::{Flow, FlowError};
use super::login_pages::LoginPages;
use super::problem::Problem;
use super::request::{Facts, Visit};
use super::sealer::Sealer;
use super::shell::Shell;
use crate::domain::Country;
use crate::events::{Event, Sink};
use crate::gate::Map;
use crate::login::Login;
use crate::oauth::{self, Client, Grants, SigningKeys};
use crate::session::{self, Sessions, SignedIn};
use crate::store::{LoginTicket, StoreError, Tickets};
use crate::system::System;

/// What the handlers of `api` use.
pub(crate) struct Web {
    pub(crate) shell: Arc<Shell>,
    pub(crate) login_pages: Arc<LoginPages>,
    pub(crate) account: Arc<Account>,
    pub(crate) login: Login,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) session: session::Settings,
    pub(crate) map: Arc<Map>,
    /// For the cookie of a login that `/authorize` began.
    pub(crate) transactions: Sealer,
    pub(crate) login_tickets: Arc<dyn Tickets<LoginTicket>>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) oauth: Arc<oauth::Settings>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) events: Arc<dyn Sink>,
    pub(crate) system: System,
}

impl Web {
    pub(crate) async fn signed_in(
        &self,
        headers: &HeaderMap,
        context: &Facts,
    ) -> Result<Option<SignedIn>, StoreError> {
        let sessions = BrowserSessions::new(Arc::clone(&self.sessions), self.session);
        sessions.signed_in(headers, context).await
    }

    pub(crate) fn refuse(&self, request: &Visit, problem: &Problem) -> Response {
        self.shell.refuse(request, problem)
    }

    pub(crate) fn unavailable(&self, request: &Visit) -> Response {
        self.shell.unavailable(request)
    }

    pub(crate) fn seal(&self, flow: &Flow) -> String {
        self.login_pages.seal(flow)
    }

    pub(crate) fn flow(&self, request: &Visit, sealed: &str) -> Result<Flow, FlowError> {
        self.login_pages.flow(request, sealed)
    }

    pub(crate) fn astray(&self, request: &Visit, error: &FlowError) -> Response {
        self.login_pages.flow_error(request, error)
    }

    pub(crate) fn client_of(&self, flow: &Flow) -> Option<&Client> {
        self.login_pages.client_of(flow)
    }

    pub(crate) fn store_failed(&self, doing: &'static str, error: &StoreError) {
        self.events.record(&Event::StoreFailed { doing, reason: &error.to_string() });
    }

    pub(crate) fn ask_to_leave(&self, to: Option<String>) -> String {
        self.account.sign_out_path(to)
    }

    pub(crate) async fn sign_out(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.account.sign_out(who).await
    }

    pub(crate) fn spoken_by(&self, header: &str) -> &str {
        self.shell.best_language_tag(header)
    }

    pub(crate) fn probable_country(
        &self,
        chosen: Option<Country>,
        language_header: Option<&str>,
    ) -> Option<Country> {
        countries::likely(self.login.settings(), chosen, language_header)
    }
}
