use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::client_auth::ClientAuth;
use super::error::ApiError;
use super::login_outcome::{ErrorDialect, LoginRefusal, right_code};
use super::otp::{phone_number, realm};
use super::refusal::NO_CLIENT;
use super::request::ApiRequest;
use super::state::Api;
use crate::gate::Cookies;
use crate::login::{LoginGrant, Requester};
use crate::oauth::{Client, GrantType, opaque_token};
use crate::pages::with_cookie;
use crate::session::sign_in_context;

/// The parameters, all required; others are refused.
const FIELDS: &[&str] = &["client_id", "credential_type", "username", "otp", "realm"];

/// `POST /co/authenticate`: exchanges a code that was typed on a page of the client for a login
/// ticket, which `/authorize` redeems in the same browser.
pub(crate) async fn authenticate(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Response, ApiError> {
    check_fields(&request)?;
    let client = client(&api, &request)?;
    let connection = realm(&request, client)?;
    let (username, otp) = (request.text("username"), request.text("otp"));
    let dialect = &ErrorDialect::CO_AUTHENTICATE;
    let Some(phone) = username.and_then(|typed| phone_number(&api, typed)) else {
        return Err(LoginRefusal::Wrong.into_error(dialect, &api));
    };
    let address = request.address(client, false);
    let requester = Requester::api(client.id.as_str(), connection, address);
    let device = request.header(header::USER_AGENT.as_str());
    let gives = LoginGrant::Ticket { context: sign_in_context(device, address) };
    let checked = api.login().verify(&requester, &phone, otp.unwrap_or_default(), gives).await;
    let (login, attempt) = right_code(checked, dialect, &api)?;
    let issued = api.login_tickets.issue(client, login.session()).await;
    let issued = issued
        .inspect_err(|error| api.store_failed("store a login ticket", error))
        .map_err(|error| ApiError::from(error).of_attempt(attempt))?;
    // Auth0's pages expect one. Nothing here reads it: the cookie, which scripts cannot read,
    // binds the ticket to the browser.
    let verifier = opaque_token(api.shell().system());
    let body = json!({
        "login_ticket": issued.ticket.reveal(),
        "co_verifier": verifier.reveal(),
        "co_id": issued.id,
    });
    let cookie = issued.cookie(Cookies::for_origin(&request.context.origin));
    Ok(with_cookie(Json(body).into_response(), Some(cookie)))
}

fn check_fields(request: &ApiRequest) -> Result<(), ApiError> {
    let complete = FIELDS.iter().all(|name| request.text(name).is_some());
    if !complete || request.params.names().any(|name| !FIELDS.contains(&name.as_str())) {
        let text = "Invalid request body. All and only of client_id, credential_type, username, otp, realm are required.";
        return Err(ApiError::bad("invalid_request", text));
    }
    if request.text("credential_type") != Some(GrantType::Passwordless.grant_type()) {
        let text = "Unknown credential type parameter.";
        return Err(ApiError::bad("unsupported_credential_type", text));
    }
    Ok(())
}

/// The client, authenticated by the origin of its page, which no script can choose.
fn client<'a>(api: &'a Api, request: &ApiRequest) -> Result<&'a Client, ApiError> {
    let not_allowed = |why| {
        let text = "Cross origin login not allowed.";
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized_client", text).because(why)
    };
    let client = request.client(api.clients()).ok_or_else(|| not_allowed(NO_CLIENT))?;
    if !client.may(GrantType::Passwordless) {
        return Err(not_allowed("the client may not use the grant passwordless"));
    }
    if request.auth == Some(ClientAuth::Wrong) {
        return Err(request.challenged(not_allowed(ClientAuth::Wrong.fault())));
    }
    match &request.origin {
        Some(origin) if client.trusts_page(origin) => Ok(client),
        Some(origin) => {
            let text = format!("Origin {origin} is not allowed.");
            Err(ApiError::forbidden("access_denied", text).foreign(origin))
        }
        None => Err(ApiError::forbidden("access_denied", "Origin is missing.")),
    }
}
