use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;
use serde_json::json;

use super::cors::OfClient;
use super::error::ApiError;
use super::request::ApiRequest;
use super::state::Api;
use crate::oauth::{GrantError, bearer};

/// `GET` and `POST /userinfo` (OpenID Connect Core 1.0 §5.3).
pub(crate) async fn userinfo(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Response, ApiError> {
    let token = access_token(&request).ok_or(GrantError::InactiveToken)?;
    let found = api.grants.userinfo(token).await?;
    let mut claims = found.claims;
    claims.insert("sub".to_owned(), json!(found.user.to_string()));
    let mut response = Json(claims).into_response();
    // The request names no client; its token does.
    response.extensions_mut().insert(OfClient(found.client));
    Ok(response)
}

/// The access token, in the header, the body of a POST or the query of a GET, once (RFC 6750 §2).
/// Only here is one taken from a query: passport-auth0 sends it so. No log holds a query.
fn access_token(request: &ApiRequest) -> Option<&str> {
    let mut headers = request.headers.get_all(header::AUTHORIZATION).iter();
    match (headers.next(), headers.next(), request.text("access_token")) {
        (Some(only), None, None) => only.to_str().ok().and_then(bearer),
        (None, _, parameter) => parameter,
        _ => None,
    }
}
