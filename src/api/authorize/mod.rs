//! `GET /authorize` (RFC 6749 §3.1, OpenID Connect Core 1.0 §3): who is signed in, for a client;
//! by our own pages when nobody is, unless the client wants none shown.
mod login;
mod reply;
mod request;
mod respond;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::params::Params;
use super::refusal::Refusal;
use crate::pages::Web;
use crate::pages::{Visit, with_cookie};
use crate::session::SignedIn;
use reply::Error;
use request::{Asks, Request, Unaskable};

const HERE: &str = "/authorize";

pub(crate) async fn authorize(
    State(web): State<Arc<Web>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::of_query(query.as_deref().unwrap_or_default());
    let asks = params.map_err(|why| Unaskable::Page(why.told()));
    let asks = asks.and_then(|params| Asks::read(&web.oauth.clients, web.map.issuer(), params));
    let asks = match asks {
        Ok(asks) => asks,
        Err(unaskable) => return refused(&web, &visit, query.as_deref(), unaskable),
    };
    match Request::read(&asks, web.map.issuer()) {
        Ok(request) => answer(&web, &visit, &asks, &request).await,
        Err(error) => web.deny(&asks, &error),
    }
}

async fn answer(web: &Web, visit: &Visit, asks: &Asks<'_>, request: &Request) -> Response {
    if let Some(ticket) = asks.params.text("login_ticket") {
        return match web.take_up(visit, asks.client, ticket).await {
            Ok(Some((token, who))) => {
                let age = web.session.lifetime.as_secs();
                let cookie = visit.session_cookie(&token, age);
                with_cookie(web.respond(asks, request, &who).await, Some(cookie))
            }
            Ok(None) => web.deny(asks, &Error::LOGIN_TICKET),
            Err(error) => {
                web.store_failed("take up a login ticket", &error);
                asks.reply.error(&Error::UNAVAILABLE)
            }
        };
    }
    let Ok(who) = web.signed_in(&visit.headers, &visit.facts).await else {
        return asks.reply.error(&Error::UNAVAILABLE);
    };
    let now = web.system.now();
    let good = |who: &SignedIn| request.is_met_by(who.began(), now);
    match who.filter(good) {
        Some(who) => web.respond(asks, request, &who).await,
        None if request.silent => asks.reply.error(&Error::LOGIN_REQUIRED),
        None => web.log_in_first(visit, asks, request),
    }
}

/// What names no client or leads nowhere that the client knows is told to the person: a redirect
/// would go wherever somebody wants (RFC 6749 §4.1.2.1).
fn refused(web: &Web, visit: &Visit, query: Option<&str>, unaskable: Unaskable) -> Response {
    // Of two that are named neither is told.
    let params = Params::of_query(query.unwrap_or_default()).unwrap_or_default();
    let client = params.text("client_id").and_then(|id| web.oauth.clients.find(id));
    match unaskable {
        Unaskable::Page(why) => {
            let refusal = Refusal::new("invalid_request", why);
            let to = params.text("redirect_uri").into_iter();
            let refusal = to.fold(refusal, Refusal::naming);
            web.refuse_application(visit, client, HERE, &refusal)
        }
        Unaskable::Back(back) => {
            web.tell_refused(client, HERE, &back.1.refusal);
            back.0.error(&back.1)
        }
    }
}

impl Web {
    /// A refusal that the client is told, and the operator.
    fn deny(&self, asks: &Asks<'_>, error: &Error) -> Response {
        self.tell_refused(Some(asks.client), HERE, &error.refusal);
        asks.reply.error(error)
    }
}
