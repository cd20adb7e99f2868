//! What auth0-js calls on the issuer's own login page: a code is checked first, and then used by
//! navigating to a URL. Both need the login that `/authorize` began in the same browser.
//! Judges no code: `login` does.
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::error::{ApiError, RateLimit};
use super::login_outcome::{ErrorDialect, LoginRefusal, WRONG, outcome, right_code};
use super::otp::phone_number;
use super::refusal::ApiRefusal;
use super::request::ApiRequest;
use super::state::Api;
use crate::domain::AttemptReference;
use crate::login::{LoginGrant, Requester};
use crate::oauth::{Client, GrantType};
use crate::pages::views::LimitMessage;
use crate::pages::{PageRequest, Problem, Redirect};

const VERIFY_REDIRECT: &str = "/passwordless/verify_redirect";

/// `POST /passwordless/verify`: checks a code without using it. A wrong one takes a try; a right
/// one does not, since it is used by the next request.
pub(crate) async fn verify(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Response, ApiError> {
    let bad = |text: &'static str| ApiError::bad("invalid_request", text);
    let (phone, code) = match request.text("grant_type") {
        Some(_) => ("username", "password"),
        None => ("phone_number", "verification_code"),
    };
    let connection = request.required_by_legacy("connection")?;
    let typed = request.required_by_legacy(phone)?;
    let code = request.required_by_legacy(code)?;
    let in_progress = api.transactions.client_of(&request);
    // `popup.passwordlessVerify` of auth0-js names no client: the login in progress does.
    let id = match request.text("client_id").or(in_progress.as_deref()) {
        Some(id) => id,
        None => request.required_by_legacy("client_id")?,
    };
    let client = client(&api, id)?;
    if !client.may_use_connection(connection) {
        return Err(bad("the connection was not found"));
    }
    let same_origin =
        request.origin.as_ref().is_none_or(|origin| *origin == request.context.origin);
    if !same_origin || in_progress.as_deref() != Some(client.id.as_str()) {
        return Err(bad("no login of this client is under way in this browser"));
    }
    let dialect = &ErrorDialect::LEGACY;
    let Some(phone) = phone_number(&api, typed) else {
        return Err(LoginRefusal::Wrong.into_error(dialect, &api));
    };
    let requester = Requester::api(client.id.as_str(), connection, request.context.client);
    let checked = api.login().verify_without_consuming(&requester, &phone, code).await;
    right_code(checked, dialect, &api)?;
    Ok("OK".into_response())
}

/// A client that may use the login page by itself.
fn client<'a>(api: &'a Api, id: &str) -> Result<&'a Client, ApiError> {
    let grant_types =
        [GrantType::Passwordless, GrantType::AuthorizationCode, GrantType::Implicit, GrantType::Ro];
    let client = api.clients().find(id);
    let client = client.filter(|client| grant_types.into_iter().any(|grant| client.may(grant)));
    client.ok_or_else(|| ApiError::forbidden("unauthorized_client", "invalid client"))
}

/// `GET /passwordless/verify_redirect`: uses a code, and redirects to what the login is for. The
/// login must have begun in this browser: else a link could sign its reader in as somebody else.
pub(crate) async fn verify_redirect(State(api): State<Arc<Api>>, request: PageRequest) -> Response {
    let flow = match api.login_pages.flow(&request, request.param("state").unwrap_or_default()) {
        Ok(flow) => flow,
        Err(error) => return api.login_pages.flow_error(&request, &error),
    };
    let client = api.login_pages.client_of(&flow);
    let Some(client) =
        client.filter(|client| request.param("client_id") == Some(client.id.as_str()))
    else {
        return refused(&api, &request, None, "state is that of another client's login");
    };
    let connection = request.param("connection").unwrap_or_default();
    if !client.may_use_connection(connection) {
        return refused(&api, &request, Some(client), "the connection was not found");
    }
    let phone = request.param("phone_number").and_then(|typed| phone_number(&api, typed));
    let (Some(phone), Some(code)) = (phone, request.param("verification_code")) else {
        return refused(&api, &request, Some(client), WRONG);
    };
    let Ok(former) = api.sessions().of(&request).await else {
        return api.shell().unavailable(&request);
    };
    let requester = Requester::api(client.id.as_str(), connection, request.context.client);
    let browser = request.browser_for_session(former.map(|former| former.session()));
    let gives = LoginGrant::Browser(&browser);
    let checked = api.login().verify(&requester, &phone, code, gives).await;
    let reference = checked.attempt.map(AttemptReference::from);
    let Ok(verdict) = checked.verdict else {
        return api.shell().unavailable(&request);
    };
    match outcome(verdict) {
        Ok(login) => {
            let cookie = login.token().map(|token| api.sessions().cookie(&request, token));
            Redirect::to(flow.destination()).with(cookie).into_response()
        }
        Err(LoginRefusal::Unavailable) => api.shell().unavailable(&request),
        Err(LoginRefusal::Blocked) => {
            api.shell().refuse(&request, &Problem::Denied { phone, reference })
        }
        Err(LoginRefusal::Limited(limited)) => {
            let RateLimit { seconds, .. } = RateLimit::of(&limited, &api);
            let key = limited.row.key;
            let limit = LimitMessage::Tries;
            let problem = Problem::Limited { limit, key, seconds, reference };
            api.shell().refuse(&request, &problem)
        }
        Err(LoginRefusal::Wrong | LoginRefusal::Expired | LoginRefusal::NoTries) => {
            refused(&api, &request, Some(client), WRONG)
        }
    }
}

fn refused(
    api: &Api,
    request: &PageRequest,
    client: Option<&Client>,
    why: &'static str,
) -> Response {
    let refusal = ApiRefusal::new("invalid_request", why);
    api.refuse_application(request, client, VERIFY_REDIRECT, &refusal)
}
