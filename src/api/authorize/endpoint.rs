use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::reply::ErrorResponse;
use super::request::{AuthorizeError, AuthorizeParams, AuthorizeTarget};
use crate::api::params::Params;
use crate::api::refusal::ApiRefusal;
use crate::api::state::Api;
use crate::oauth::AppUrl;
use crate::pages::{PageRequest, with_cookie};
use crate::session::{SessionToken, SignedIn};
use crate::store::StoreError;

const HERE: &str = "/authorize";

/// `GET /authorize`.
pub(crate) async fn authorize(
    State(api): State<Arc<Api>>,
    page: PageRequest,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    let asks = match Params::of_query(query) {
        Ok(params) => AuthorizeTarget::read(api.clients(), api.issuer(), params),
        Err(why) => Err(AuthorizeError::Page(why.told())),
    };
    let asks = match asks {
        Ok(asks) => asks,
        Err(unaskable) => return refused(&api, &page, query, unaskable),
    };
    match AuthorizeParams::read(&asks, api.issuer()) {
        Ok(request) => answer(&api, &page, &asks, &request).await,
        Err(error) => api.deny(&asks, &error),
    }
}

async fn answer(
    api: &Api,
    page: &PageRequest,
    asks: &AuthorizeTarget<'_>,
    request: &AuthorizeParams,
) -> Response {
    if let Some(ticket) = asks.params.text("login_ticket") {
        return answer_ticket(api, page, (asks, request), ticket).await;
    }
    let Ok(user) = api.sessions().of(page).await else {
        return asks.reply.error(&ErrorResponse::UNAVAILABLE);
    };
    let now = api.shell().system().now();
    match user.filter(|user| request.is_met_by(user.began(), now)) {
        Some(user) => api.respond(asks, request, &user).await,
        None if request.silent => asks.reply.error(&ErrorResponse::LOGIN_REQUIRED),
        None => api.log_in_first(page, asks, request),
    }
}

/// Signs in the browser that brings a login ticket, and answers about its user.
async fn answer_ticket(
    api: &Api,
    page: &PageRequest,
    (asks, request): (&AuthorizeTarget<'_>, &AuthorizeParams),
    ticket: &str,
) -> Response {
    match redeem(api, page, asks, ticket).await {
        Ok(Some((token, user))) => {
            let cookie = api.sessions().cookie(page, &token);
            with_cookie(api.respond(asks, request, &user).await, Some(cookie))
        }
        Ok(None) => api.deny(asks, &ErrorResponse::LOGIN_TICKET),
        Err(error) => {
            api.store_failed("redeem a login ticket", &error);
            asks.reply.error(&ErrorResponse::UNAVAILABLE)
        }
    }
}

/// Redeems a login ticket: its session begins on this host, in the place of the one that the
/// browser had.
async fn redeem(
    api: &Api,
    page: &PageRequest,
    asks: &AuthorizeTarget<'_>,
    ticket: &str,
) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
    let Some(session) = api.login_tickets.redeem(page, asks.client, ticket).await? else {
        return Ok(None);
    };
    let sessions = api.sessions();
    let former = sessions.of(page).await?;
    let begun = sessions.begin_at(session, page.context.origin.host()).await?;
    if let (Some((_, next)), Some(former)) = (&begun, former) {
        sessions.replace(&former, next).await?;
    }
    Ok(begun)
}

/// An error about client or redirect URI is shown to the user: a redirect would go wherever the
/// sender of the link wants (RFC 6749 §4.1.2.1).
fn refused(api: &Api, page: &PageRequest, query: &str, unaskable: AuthorizeError) -> Response {
    // A parameter that comes twice names nothing.
    let params = Params::of_query(query).unwrap_or_default();
    let client = params.text("client_id").and_then(|id| api.clients().find(id));
    match unaskable {
        AuthorizeError::Page(why) => {
            let refusal = ApiRefusal::new("invalid_request", why);
            let refusal = match (params.text("redirect_uri"), client) {
                (Some(uri), Some(client)) => {
                    refusal.naming_unlisted(uri, client.callbacks.iter().map(AppUrl::as_str))
                }
                (Some(uri), None) => refusal.naming(uri),
                (None, _) => refusal,
            };
            api.refuse_application(page, client, HERE, &refusal)
        }
        AuthorizeError::Back(back) => {
            api.record_refusal(client, HERE, &back.1.refusal);
            back.0.error(&back.1)
        }
    }
}

impl Api {
    /// An error response, which the log has as well.
    pub(super) fn deny(&self, asks: &AuthorizeTarget<'_>, error: &ErrorResponse) -> Response {
        self.record_refusal(Some(asks.client), HERE, &error.refusal);
        asks.reply.error(error)
    }
}
