use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};

use super::reply::ErrorResponse;
use super::request::{AuthorizeError, AuthorizeParams, AuthorizeTarget, NamedUser};
use crate::api::params::{Params, Unreadable};
use crate::api::refusal::ApiRefusal;
use crate::api::state::Api;
use crate::oauth::{AppUrl, InvalidToken, verify_id_token_hint};
use crate::pages::{PageRequest, with_cookie};
use crate::session::{SessionToken, SignedIn};
use crate::store::StoreError;

const HERE: &str = "/authorize";

/// Parameters without which it is not known where an answer goes, and how.
const REPLY: [&str; 5] = ["client_id", "redirect_uri", "response_type", "response_mode", "state"];

/// `GET /authorize`.
pub(crate) async fn authorize(
    State(api): State<Arc<Api>>,
    page: PageRequest,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    let (params, repeated) = Params::first_of_query(query);
    let hides_reply = repeated.iter().any(|name| REPLY.contains(&name.as_str()));
    let resource = repeated.iter().find(|name| *name == "resource");
    let twice = resource.or(repeated.first()).cloned().map(Unreadable::Twice);
    let asks = match &twice {
        Some(why) if hides_reply => Err(AuthorizeError::Page(why.told())),
        _ => AuthorizeTarget::read(api.clients(), api.issuer(), params),
    };
    let asks = match asks {
        Ok(asks) => asks,
        Err(unaskable) => return refused(&api, &page, query, unaskable),
    };
    if let Some(why) = twice {
        return api.deny(&asks, &ErrorResponse::new(why.error(), why.told()));
    }
    match read(&api, &page, &asks) {
        Ok(request) => answer(&api, &page, &asks, &request).await,
        Err(error) => api.deny(&asks, &error),
    }
}

/// `POST /authorize` (OpenID Connect Core 1.0 §3.1.2.1): the same as a GET with these parameters.
/// Redirected, since a form on a page of another site comes without cookies (SameSite=Lax).
pub(crate) async fn authorize_form(
    State(api): State<Arc<Api>>,
    page: PageRequest,
    request: Request,
) -> Response {
    match Params::of_request(request).await {
        Ok(params) => page.to_own(&format!("{HERE}?{}", params.to_query())).into_response(),
        Err(why) => refused(&api, &page, "", AuthorizeError::Page(why.told())),
    }
}

fn read(
    api: &Api,
    page: &PageRequest,
    asks: &AuthorizeTarget<'_>,
) -> Result<AuthorizeParams, ErrorResponse> {
    let mut request = AuthorizeParams::read(asks, api.issuer())?;
    request.since = api.since(page, asks);
    request.named = named(api, asks)?;
    Ok(request)
}

/// Whom `id_token_hint` names, whatever client it was issued to, expired or not.
fn named(api: &Api, asks: &AuthorizeTarget<'_>) -> Result<NamedUser, ErrorResponse> {
    let Some(hint) = asks.params.text("id_token_hint") else { return Ok(NamedUser::Anyone) };
    let now = api.shell().system().now();
    match verify_id_token_hint(&api.keys, api.issuer(), hint, now) {
        Ok(hint) => Ok(NamedUser::Only(hint.user)),
        Err(InvalidToken::UnknownKey) => Ok(NamedUser::Unknown),
        Err(_) => {
            let text = "id_token_hint is no ID token of this issuer";
            Err(ErrorResponse::new("invalid_request", text))
        }
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
        Some(user) if request.is_about(&user) => api.respond(asks, request, &user).await,
        // The login that was asked for was somebody else's.
        Some(_) if request.since.is_some() => asks.reply.error(&ErrorResponse::LOGIN_REQUIRED),
        _ if request.silent => asks.reply.error(&ErrorResponse::LOGIN_REQUIRED),
        _ => api.log_in_first(page, asks, request),
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
            let response = if request.is_about(&user) {
                api.respond(asks, request, &user).await
            } else {
                asks.reply.error(&ErrorResponse::LOGIN_REQUIRED)
            };
            with_cookie(response, Some(cookie))
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
