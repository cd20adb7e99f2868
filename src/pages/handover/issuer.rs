use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::request::{HandoverRequest, SealedRequest};
use super::service::Handover;
use super::site::STATE_LIFETIME;
use crate::domain::{BrowserDigest, Origin, ReturnTo, TicketDigest};
use crate::pages::destinations::SignInAddress;
use crate::pages::flow::{Flow, FlowError, FlowMessage, HandoverState};
use crate::pages::redirect::Redirect;
use crate::session::SignedIn;
use crate::store::{HandoverTicket, StoreError};

/// How long a ticket can be redeemed: it goes through one redirect.
const TICKET_LIFETIME: Duration = Duration::from_mins(1);

impl Handover {
    /// The flow of a browser that a site sent to the issuer.
    ///
    /// # Errors
    /// The request was not sealed by us, names no page of a site, or is too old.
    pub(in crate::pages) fn requested(
        &self,
        sealed: &str,
        browser: BrowserDigest,
    ) -> Result<Flow, FlowError> {
        let request = self.unsealed(sealed).ok_or(FlowError::NotOurs)?;
        let HandoverRequest { origin, path, state, lost, since, language: _ } = request;
        if !self.shell.is_page(&origin, &path) {
            return Err(FlowError::NotOurs);
        }
        let say = FlowMessage::on_arrival(lost, self.shell.is_kept_form(&path), since);
        let flow = Flow { state: Some(state), say, since, ..Flow::to(origin, path, browser) };
        if self.shell.system.is_alive(state.until, STATE_LIFETIME) {
            Ok(flow)
        } else {
            Err(FlowError::Old(Box::new(flow)))
        }
    }

    /// The page of a site that a request leads to.
    pub(in crate::pages) fn page_of(&self, sealed: &str) -> Option<(Origin, ReturnTo)> {
        self.unsealed(sealed).map(|request| (request.origin, request.path))
    }

    fn unsealed(&self, sealed: &str) -> Option<HandoverRequest> {
        HandoverRequest::from_sealed(&self.requests.open::<SealedRequest>(sealed)?)
    }

    /// The language that was chosen at the site that sent a browser.
    pub(in crate::pages) fn language_of(&self, sealed: &str) -> Option<String> {
        self.unsealed(sealed)?.language
    }

    /// The redirect out of our pages to where a flow leads: to another host with a ticket, which
    /// takes the language along that was chosen here.
    ///
    /// # Errors
    /// The ticket could not be stored; logged here.
    pub(in crate::pages) async fn way_out(
        &self,
        flow: &Flow,
        who: &SignedIn,
        language: Option<&str>,
    ) -> Result<Redirect, StoreError> {
        if !self.shell.is_elsewhere(&flow.origin) {
            return Ok(Redirect::to(flow.destination()));
        }
        let system = &self.shell.system;
        let alive = |state: &HandoverState| system.is_alive(state.until, STATE_LIFETIME);
        let Some(state) = flow.state.filter(alive) else {
            // The site gave no cookie, or it has expired: the site asks again, and a browser that
            // is signed in gets through without a page.
            let (origin, back) = (&flow.origin, &flow.path);
            let sign_in = SignInAddress { origin, back, lost: None, max_age: None };
            return Ok(Redirect::to(self.shell.sign_in_address(&sign_in)));
        };
        let text = URL_SAFE_NO_PAD.encode(self.shell.system.random::<32>());
        let ticket = HandoverTicket {
            origin: flow.origin.clone(),
            path: flow.path.clone(),
            state: state.digest,
            session: who.session(),
            language: language.map(str::to_owned),
            expires: system.steady() + TICKET_LIFETIME,
        };
        let put = self.tickets.put(TicketDigest::of(&text), ticket).await;
        put.inspect_err(|error| self.store_failed("keep a ticket", error))?;
        let prefix = self.shell.map.prefix();
        Ok(Redirect::to(format!("{}{prefix}/callback?ticket={text}", flow.origin)))
    }
}
