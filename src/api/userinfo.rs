use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::call::{Call, Handed};
use super::cors::OfClient;
use super::error::ApiError;
use super::refusal::Refusal;
use crate::oauth::{self, Subject, VerifiedAccess};
use crate::pages::Web;
use crate::store::{GrantState, StoreError, StoredGrant};

/// `GET` and `POST /userinfo` (OpenID Connect Core 1.0 §5.3).
pub(crate) async fn userinfo(State(web): State<Arc<Web>>, Handed(call): Handed) -> Response {
    let found = match bearer(&call) {
        Some(text) => web.holder(text).await,
        None => Ok(None),
    };
    let (token, grant) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return refused(),
        Err(error) => return ApiError::from(error).into_response(),
    };
    let mut claims = web.profile(&grant.phone, grant.signed_in).claims(&token.scope);
    claims.insert("sub".to_owned(), json!(grant.user.to_string()));
    let mut response = Json(claims).into_response();
    // The call names no client; its token does.
    response.extensions_mut().insert(OfClient(token.client));
    response
}

/// RFC 6750 §2: in the header or in the body, and in one of them once. Not in the query, which is
/// in too many logs.
fn bearer(call: &Call) -> Option<&str> {
    let mut headers = call.headers.get_all(header::AUTHORIZATION).iter();
    let posted = if call.posted { call.text("access_token") } else { None };
    match (headers.next(), headers.next(), posted) {
        (Some(only), None, None) => only.to_str().ok().and_then(oauth::bearer),
        (None, _, posted) => posted,
        _ => None,
    }
}

impl Web {
    /// A token that opens `/userinfo`, and the login that it came from, as long as that lives.
    async fn holder(
        &self,
        text: &str,
    ) -> Result<Option<(VerifiedAccess, StoredGrant)>, StoreError> {
        let (issuer, now) = (self.map.issuer(), self.system.now());
        let Ok(token) = oauth::verify_access(&self.keys, issuer, text, now) else {
            return Ok(None);
        };
        let client = self.oauth.clients.find(token.client.as_str()).is_some();
        let opens = token.is_for(&issuer.url("/userinfo")) && token.scope.contains("openid");
        let (Some(grant), Subject::User(user)) =
            (token.grant.filter(|_| client && opens), token.subject)
        else {
            return Ok(None);
        };
        let grant = self.grants.grant(grant).await;
        let grant = grant.inspect_err(|error| self.store_failed("look for a grant", error))?;
        Ok(match grant {
            GrantState::Good(grant) if grant.user == user => Some((token, grant)),
            _ => None,
        })
    }
}

/// RFC 6750 §3.
fn refused() -> Response {
    let body = json!({ "error": "invalid_token", "error_description": "Unauthorized" });
    let mut response = (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    let how = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    let why = "the access token is missing, not for here, or over";
    response.extensions_mut().insert(Refusal::new("invalid_token", why));
    response
}
