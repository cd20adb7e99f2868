use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Secret, SessionId, TicketCookieDigest, TicketDigest};
use crate::gate::Cookies;
use crate::oauth::{Client, opaque_token};
use crate::pages::PageRequest;
use crate::store::{LoginTicket, StoreError, TicketStore};
use crate::system::System;

/// How long a login ticket can be redeemed: it goes from the page to `/authorize` at once.
const LIFETIME: Duration = Duration::from_mins(1);
/// How the name of a ticket's cookie begins; the ticket's id follows.
const COOKIE: &str = "co-";

/// Login tickets of `/co/authenticate`: `/authorize` signs in the browser that brings one together
/// with its cookie.
pub(crate) struct LoginTickets {
    store: Arc<dyn TicketStore<LoginTicket>>,
    system: System,
}

/// A new ticket, and the secret of its cookie.
pub(super) struct IssuedTicket {
    /// Auth0's `co_id`.
    pub(super) id: String,
    pub(super) ticket: Secret,
    proof: Secret,
}

impl IssuedTicket {
    /// The `Set-Cookie` value that binds the ticket to the browser.
    pub(super) fn cookie(&self, cookies: Cookies) -> String {
        let name = format!("{COOKIE}{}", self.id);
        cookies.set(&name, self.proof.reveal(), Some(LIFETIME.as_secs()))
    }
}

impl LoginTickets {
    pub(crate) fn new(store: Arc<dyn TicketStore<LoginTicket>>, system: System) -> Self {
        Self { store, system }
    }

    /// Issues a ticket for a session that a login has just begun.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub(super) async fn issue(
        &self,
        client: &Client,
        session: SessionId,
    ) -> Result<IssuedTicket, StoreError> {
        let ticket = opaque_token(&self.system);
        let proof = opaque_token(&self.system);
        let id = URL_SAFE_NO_PAD.encode(self.system.random::<9>());
        let stored = LoginTicket {
            client: client.id.clone(),
            cookie: id.clone(),
            proof: TicketCookieDigest::of(proof.reveal()),
            session,
            expires: self.system.steady() + LIFETIME,
        };
        self.store.put(TicketDigest::of(ticket.reveal()), stored).await?;
        Ok(IssuedTicket { id, ticket, proof })
    }

    /// Redeems a ticket, once, for its session. `None`: it is unknown, spent, expired, another
    /// client's, or comes from another browser.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub(super) async fn redeem(
        &self,
        request: &PageRequest,
        client: &Client,
        ticket: &str,
    ) -> Result<Option<SessionId>, StoreError> {
        let Some(ticket) = self.store.take(TicketDigest::of(ticket)).await? else {
            return Ok(None);
        };
        let cookie = request.cookies.get(&request.headers, &format!("{COOKIE}{}", ticket.cookie));
        let proof = cookie.map(TicketCookieDigest::of);
        let valid = ticket.client == client.id
            && self.system.steady() < ticket.expires
            && proof.is_some_and(|proof| proof.matches(&ticket.proof));
        Ok(valid.then_some(ticket.session))
    }
}
