use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::Web;
use super::super::flow::{Flow, Say};
use super::super::visit::{Astray, Redirect};
use super::request::Request;
use crate::domain::{BrowserDigest, TicketDigest};
use crate::session::SignedIn;
use crate::store::{StoreError, Ticket};

/// A ticket goes through one redirect.
const TICKET: Duration = Duration::from_mins(1);

impl Web {
    /// The flow of a browser that a site sent here.
    pub(crate) fn requested(&self, sealed: &str, browser: BrowserDigest) -> Result<Flow, Astray> {
        let wire = self.requests.open(sealed);
        let request = wire.and_then(|wire| Request::from_wire(&wire)).ok_or(Astray::NotOurs)?;
        let Request { origin, path, state, lost } = request;
        if !self.is_page(&origin, &path) {
            return Err(Astray::NotOurs);
        }
        let say = lost.then_some(Say::FormNotSent);
        let flow = Flow { state: Some(state), say, ..Flow::to(origin, path, browser) };
        if self.system.now() < state.until { Ok(flow) } else { Err(Astray::Old(Box::new(flow))) }
    }

    /// The way out of our pages, to where a flow leads: to another host with a ticket.
    pub(crate) async fn way_out(
        &self,
        flow: &Flow,
        who: &SignedIn,
    ) -> Result<Redirect, StoreError> {
        if !self.is_elsewhere(&flow.origin) {
            return Ok(Redirect::to(flow.destination()));
        }
        let now = self.system.now();
        let Some(state) = flow.state.filter(|state| now < state.until) else {
            // The site gave no cookie, or it is gone by now: the site asks again, and whoever is
            // signed in comes through without a page.
            return Ok(Redirect::to(self.sign_in_address(&flow.origin, &flow.path, false)));
        };
        let text = URL_SAFE_NO_PAD.encode(self.system.random::<32>());
        let ticket = Ticket {
            origin: flow.origin.clone(),
            path: flow.path.clone(),
            state: state.digest,
            session: who.session(),
            expires: now + TICKET,
        };
        let put = self.tickets.put(TicketDigest::of(text.as_bytes()), ticket).await;
        put.inspect_err(|error| self.store_failed("keep a ticket", error))?;
        let callback = format!("{}{}/callback?ticket={text}", flow.origin, self.map.prefix());
        Ok(Redirect::to(callback))
    }
}
