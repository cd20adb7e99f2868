use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::reply::Error;
use super::request::{Asks, Request, Unaskable};
use crate::api::params::Params;
use crate::api::refusal::Refusal;
use crate::api::state::Api;
use crate::pages::{Visit, with_cookie};
use crate::session::{SessionToken, SignedIn};
use crate::store::StoreError;

const HERE: &str = "/authorize";

/// `GET /authorize`.
pub(crate) async fn authorize(
    State(api): State<Arc<Api>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    let asks = match Params::of_query(query) {
        Ok(params) => Asks::read(api.clients(), api.issuer(), params),
        Err(why) => Err(Unaskable::Page(why.told())),
    };
    let asks = match asks {
        Ok(asks) => asks,
        Err(unaskable) => return refused(&api, &visit, query, unaskable),
    };
    match Request::read(&asks, api.issuer()) {
        Ok(request) => answer(&api, &visit, &asks, &request).await,
        Err(error) => api.deny(&asks, &error),
    }
}

async fn answer(api: &Api, visit: &Visit, asks: &Asks<'_>, request: &Request) -> Response {
    if let Some(ticket) = asks.params.text("login_ticket") {
        return answer_ticket(api, visit, (asks, request), ticket).await;
    }
    let Ok(user) = api.sessions().of(visit).await else {
        return asks.reply.error(&Error::UNAVAILABLE);
    };
    let now = api.shell().system().now();
    match user.filter(|user| request.is_met_by(user.began(), now)) {
        Some(user) => api.respond(asks, request, &user).await,
        None if request.silent => asks.reply.error(&Error::LOGIN_REQUIRED),
        None => api.log_in_first(visit, asks, request),
    }
}

/// Signs in the browser that brings a login ticket, and answers about its user.
async fn answer_ticket(
    api: &Api,
    visit: &Visit,
    (asks, request): (&Asks<'_>, &Request),
    ticket: &str,
) -> Response {
    match redeem(api, visit, asks, ticket).await {
        Ok(Some((token, user))) => {
            let cookie = api.sessions().cookie(visit, &token);
            with_cookie(api.respond(asks, request, &user).await, Some(cookie))
        }
        Ok(None) => api.deny(asks, &Error::LOGIN_TICKET),
        Err(error) => {
            api.store_failed("redeem a login ticket", &error);
            asks.reply.error(&Error::UNAVAILABLE)
        }
    }
}

/// Redeems a login ticket: its session begins on this host, in the place of the one that the
/// browser had.
async fn redeem(
    api: &Api,
    visit: &Visit,
    asks: &Asks<'_>,
    ticket: &str,
) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
    let Some(session) = api.login_tickets.redeem(visit, asks.client, ticket).await? else {
        return Ok(None);
    };
    let sessions = api.sessions();
    let former = sessions.of(visit).await?;
    let begun = sessions.begin_at(session, visit.facts.origin.host()).await?;
    if let (Some((_, next)), Some(former)) = (&begun, former) {
        sessions.replace(&former, next).await?;
    }
    Ok(begun)
}

/// An error about client or redirect URI is shown to the user: a redirect would go wherever the
/// sender of the link wants (RFC 6749 §4.1.2.1).
fn refused(api: &Api, visit: &Visit, query: &str, unaskable: Unaskable) -> Response {
    // A parameter that comes twice names nothing.
    let params = Params::of_query(query).unwrap_or_default();
    let client = params.text("client_id").and_then(|id| api.clients().find(id));
    match unaskable {
        Unaskable::Page(why) => {
            let refusal = Refusal::new("invalid_request", why);
            let refusal = match params.text("redirect_uri") {
                Some(uri) => refusal.naming(uri),
                None => refusal,
            };
            api.refuse_application(visit, client, HERE, &refusal)
        }
        Unaskable::Back(back) => {
            api.record_refusal(client, HERE, &back.1.refusal);
            back.0.error(&back.1)
        }
    }
}

impl Api {
    /// An error response, which the log has as well.
    pub(super) fn deny(&self, asks: &Asks<'_>, error: &Error) -> Response {
        self.record_refusal(Some(asks.client), HERE, &error.refusal);
        asks.reply.error(error)
    }
}
