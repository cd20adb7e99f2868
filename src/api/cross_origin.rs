use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use serde_json::json;

use super::call::{Call, Handed};
use super::client_auth::Standing;
use super::error::ApiError;
use super::login_outcome::{ErrorDialect, LoginRefusal, outcome};
use super::otp::{phone_number, realm};
use super::refusal::NO_CLIENT;
use crate::domain::{TicketCookieDigest, TicketDigest};
use crate::gate::Cookies;
use crate::login::{Asker, Gives};
use crate::oauth::{Client, Grant, opaque_token};
use crate::pages::Web;
use crate::pages::{Visit, with_cookie};
use crate::session::{SessionToken, SignedIn, beginning};
use crate::store::{LoginTicket, StoreError};

/// All that there may be, and all that there must be.
const FIELDS: &[&str] = &["client_id", "credential_type", "username", "otp", "realm"];

/// A login ticket goes from the page to `/authorize` at once.
const TICKET: Duration = Duration::from_mins(1);
/// What the cookie is called that must come with a ticket; the rest of its name is the ticket's.
const COOKIE: &str = "co-";

/// `POST /co/authenticate`: a code typed on a page of the client, for a ticket that `/authorize`
/// takes from the same browser.
pub(crate) async fn authenticate(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    well_formed(&call)?;
    let client = client(&web, &call)?;
    let connection = realm(&call, client)?;
    let (username, otp) = (call.text("username"), call.text("otp"));
    let dialect = &ErrorDialect::CO_AUTHENTICATE;
    let Some(phone) = username.and_then(|typed| phone_number(&web, typed)) else {
        return Err(LoginRefusal::Wrong.into_error(dialect, &web));
    };
    let address = call.address(client, false);
    let asker = Asker::api(client.id.as_str(), connection, address);
    let device = call.header(header::USER_AGENT.as_str());
    let gives = Gives::Ticket { beginning: beginning(device, address) };
    let verdict = web.login.verify(&asker, &phone, otp.unwrap_or_default(), gives).await?;
    let who = outcome(verdict).map_err(|why| why.into_error(dialect, &web))?;
    let ticket = opaque_token(&web.system);
    let proof = opaque_token(&web.system);
    let id = URL_SAFE_NO_PAD.encode(web.system.random::<9>());
    let stored = LoginTicket {
        client: client.id.clone(),
        cookie: id.clone(),
        proof: TicketCookieDigest::of(proof.reveal()),
        session: who.session(),
        expires: web.system.now() + TICKET,
    };
    let put = web.login_tickets.put(TicketDigest::of(ticket.reveal()), stored).await;
    put.inspect_err(|error| web.store_failed("keep a login ticket", error))?;
    // For the page's own keeping; nothing here asks for it again: what proves the browser is the
    // cookie, which no script reads.
    let verifier = opaque_token(&web.system);
    let body = json!({
        "login_ticket": ticket.reveal(), "co_verifier": verifier.reveal(), "co_id": id,
    });
    let cookies = Cookies::for_origin(&call.facts.origin);
    let cookie = cookies.set(&format!("{COOKIE}{id}"), proof.reveal(), Some(TICKET.as_secs()));
    Ok(with_cookie(Json(body).into_response(), Some(cookie)))
}

fn well_formed(call: &Call) -> Result<(), ApiError> {
    let whole = FIELDS.iter().all(|name| call.text(name).is_some());
    if !whole || call.params.names().any(|name| !FIELDS.contains(&name.as_str())) {
        let text = "Invalid request body. All and only of client_id, credential_type, username, otp, realm are required.";
        return Err(ApiError::bad("invalid_request", text));
    }
    if call.text("credential_type") != Some(Grant::Passwordless.grant_type()) {
        let text = "Unknown credential type parameter.";
        return Err(ApiError::bad("unsupported_credential_type", text));
    }
    Ok(())
}

/// The page shows that it is the client's by its origin, which no script can choose.
fn client<'w>(web: &'w Web, call: &Call) -> Result<&'w Client, ApiError> {
    let not_allowed = || {
        let text = "Cross origin login not allowed.";
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized_client", text)
    };
    let client = call.client(&web.oauth.clients);
    let client = client.ok_or_else(|| not_allowed().because(NO_CLIENT))?;
    if !client.may(Grant::Passwordless) {
        return Err(not_allowed().because("the client may not use the grant passwordless"));
    }
    if call.credentials.standing(client) == Standing::Wrong {
        return Err(not_allowed().because(Standing::Wrong.fault()));
    }
    match &call.origin {
        Some(origin) if client.trusts_page(origin) => Ok(client),
        Some(origin) => {
            let text = format!("Origin {origin} is not allowed.");
            Err(ApiError::forbidden("access_denied", text).foreign(origin))
        }
        None => Err(ApiError::forbidden("access_denied", "Origin is missing.")),
    }
}

impl Web {
    /// Takes a login ticket up: the browser that it was given to is signed in from now on, in the
    /// place of who was before. `None`: it is spent, too old, another client's or browser's.
    pub(super) async fn take_up(
        &self,
        visit: &Visit,
        client: &Client,
        ticket: &str,
    ) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
        let taken = self.login_tickets.take(TicketDigest::of(ticket)).await?;
        let good = taken.filter(|ticket| {
            let cookie = visit.cookies.get(&visit.headers, &format!("{COOKIE}{}", ticket.cookie));
            let proof = cookie.map(TicketCookieDigest::of);
            ticket.client == client.id
                && self.system.now() < ticket.expires
                && proof.is_some_and(|proof| proof.matches(&ticket.proof))
        });
        let Some(ticket) = good else { return Ok(None) };
        let former = self.signed_in(&visit.headers, &visit.facts).await?;
        let host = visit.facts.origin.host();
        let begun = self.sessions.begin_at(ticket.session, host, self.session).await?;
        if let (Some((_, next)), Some(former)) = (&begun, former) {
            self.sessions.replace(&former, next).await?;
        }
        Ok(begun)
    }
}
