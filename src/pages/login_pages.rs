use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;

use super::browser_sessions::BrowserSessions;
use super::flow::{FLOW_LIFETIME, Flow, FlowError, FlowMessage, SealedFlow, UnsealedFlow};
use super::handover::Handover;
use super::request::PageRequest;
use super::sealer::Sealer;
use super::shell::Shell;
use super::views::MessagePage;
use crate::domain::{BrowserDigest, PhoneNumber};
use crate::login::{self, Channel, Login, Requester, Standing};
use crate::oauth::{Client, Clients};
use crate::system::Timestamp;

/// What precedes the query in the path of a login for an application, below the issuer's base.
const AUTHORIZE: &str = "/authorize?";

/// The pages of a login: the number, the code, and the way out to where the login leads.
pub(crate) struct LoginPages {
    pub(crate) shell: Arc<Shell>,
    pub(crate) handover: Arc<Handover>,
    pub(crate) login: Login,
    pub(crate) sessions: BrowserSessions,
    /// The applications that logins may lead to.
    pub(crate) clients: Clients,
    /// For what travels from page to page.
    pub(crate) flows: Sealer,
}

impl LoginPages {
    /// The flow as a text for an address or a form, good for ten minutes from now.
    pub(crate) fn seal(&self, flow: &Flow) -> String {
        let until = self.shell.system.steady() + FLOW_LIFETIME;
        self.flows.seal(&flow.to_sealed(until))
    }

    fn unseal(&self, sealed: &str) -> UnsealedFlow {
        let Some(sealed) = self.flows.open::<SealedFlow>(sealed) else {
            return UnsealedFlow::NotOurs;
        };
        let system = &self.shell.system;
        let young = system.is_alive(sealed.until(), FLOW_LIFETIME);
        // Who waits for the end of a limit is not late.
        let waits = |flow: &Flow| match flow.say {
            Some(FlowMessage::Limited { until, .. }) => {
                let until = Timestamp::from_millis(until) + FLOW_LIFETIME;
                system.is_alive(until, login::longest_window() + FLOW_LIFETIME)
            }
            _ => false,
        };
        match sealed.into_flow(&self.login) {
            // A site may have gone from the configuration since.
            Some(flow) if !self.shell.is_page(&flow.origin, &flow.path) => UnsealedFlow::NotOurs,
            Some(flow) if young || waits(&flow) => UnsealedFlow::Good(flow),
            Some(flow) => UnsealedFlow::Old(flow),
            None => UnsealedFlow::NotOurs,
        }
    }

    /// A flow, whatever its age and whoever brought it: only to learn where it leads, and how.
    pub(super) fn destination_of(&self, sealed: &str) -> Option<Flow> {
        match self.unseal(sealed) {
            UnsealedFlow::Good(flow) | UnsealedFlow::Old(flow) => Some(flow),
            UnsealedFlow::NotOurs => None,
        }
    }

    /// The flow that `request` brought, if it is this browser's and young enough.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub(crate) fn flow(&self, request: &PageRequest, sealed: &str) -> Result<Flow, FlowError> {
        match (self.unseal(sealed), request.browser()) {
            (UnsealedFlow::NotOurs, _) => Err(FlowError::NotOurs),
            (UnsealedFlow::Good(flow) | UnsealedFlow::Old(flow), None) => {
                Err(FlowError::NoCookie(Box::new(flow)))
            }
            (UnsealedFlow::Good(flow), Some(browser)) if flow.browser == browser => Ok(flow),
            (UnsealedFlow::Old(flow), Some(browser)) if flow.browser == browser => {
                Err(FlowError::Old(Box::new(flow)))
            }
            // Another browser gets the destination and nothing else.
            (UnsealedFlow::Good(flow) | UnsealedFlow::Old(flow), Some(browser)) => {
                let framed = flow.framed;
                let other = Flow { framed, ..Flow::to(flow.origin, flow.path, browser) };
                Err(FlowError::Old(Box::new(other)))
            }
        }
    }

    /// The page that says why a flow cannot be followed, and where to begin again.
    pub(crate) fn flow_error(&self, request: &PageRequest, error: &FlowError) -> Response {
        let again = match error {
            FlowError::NoCookie(flow) | FlowError::Old(flow) => flow.destination(),
            FlowError::NotOurs => self.shell.begin_again(request),
        };
        let host = request.context.origin.host().as_str();
        let page = match error {
            FlowError::NoCookie(_) => MessagePage::NoCookie { host, again: &again },
            FlowError::Old(_) | FlowError::NotOurs => MessagePage::TimedOut { again: &again },
        };
        self.shell.page(request, StatusCode::BAD_REQUEST, &page)
    }

    /// Whose attempts those for `phone` in this flow are: the browser's.
    pub(crate) fn requester(
        &self,
        request: &PageRequest,
        browser: BrowserDigest,
        phone: &PhoneNumber,
    ) -> Requester {
        let who = browser.into();
        let known = self.login.is_known_browser(who, phone, &request.known_browser());
        Requester {
            channel: Channel::Page,
            who,
            address: request.context.client,
            standing: if known { Standing::KnownBrowser } else { Standing::Stranger },
        }
    }

    /// The application that a login is for; `None`: it is for a page of a site.
    pub(crate) fn client_of(&self, flow: &Flow) -> Option<&Client> {
        let issuer = self.shell.map.issuer();
        if flow.origin != *issuer.origin() {
            return None;
        }
        let query = flow.path.as_str().strip_prefix(issuer.base())?.strip_prefix(AUTHORIZE)?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let (_, id) = pairs.find(|(name, _)| name == "client_id")?;
        self.clients.find(&id)
    }

    /// The name of that application.
    pub(super) fn application(&self, flow: &Flow) -> Option<&str> {
        self.client_of(flow).map(|client| client.name.as_str())
    }
}
