use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::call::Handed;
use super::error::ApiError;
use super::hosted::missing;
use super::login_outcome::ErrorDialect;
use super::otp::OtpExchange;
use crate::oauth::Grant;
use crate::pages::Web;
use crate::store::StoreError;

/// `POST /oauth/ro`: what the token endpoint does, as Auth0's clients asked for it before there
/// was one.
pub(crate) async fn ro(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<Json<Value>, ApiError> {
    let [username, password, connection] = ["username", "password", "connection"]
        .map(|name| call.text(name).ok_or_else(|| missing(name)));
    let (username, password, connection) = (username?, password?, connection?);
    let (client, client_auth) = call.authenticated(&web.oauth.clients)?;
    if !client.may(Grant::Ro) {
        return Err(ApiError::not_granted(Grant::Ro));
    }
    if !client.has_connection(connection) {
        return Err(ApiError::bad("invalid_request", "the connection was not found"));
    }
    let (grant_type, dialect) = (Grant::Ro, &ErrorDialect::LEGACY);
    let otp = password;
    let exchange =
        OtpExchange { client, client_auth, connection, username, otp, grant_type, dialect };
    exchange.run(&web, &call).await
}

/// `GET /user/ssodata`: whether somebody is signed in, for the pages of a client that may ask.
pub(crate) async fn sso_data(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<Json<Value>, ApiError> {
    let client = call.client(&web.oauth.clients);
    let asks = client.zip(call.origin.as_ref());
    if !asks.is_some_and(|(client, origin)| client.trusts_page(origin)) {
        return Ok(Json(json!({ "sso": false })));
    }
    let who: Result<_, StoreError> = web.signed_in(&call.headers, &call.facts).await;
    Ok(Json(match who? {
        None => json!({ "sso": false }),
        Some(who) => json!({
            "sso": true,
            "lastUsedConnection": { "name": "sms", "strategy": "sms" },
            "lastUsedUsername": who.phone().e164(),
            "lastUsedUserID": who.user().to_string(),
            "sessionClients": client.iter().map(|client| client.id.as_str()).collect::<Vec<_>>(),
        }),
    }))
}
