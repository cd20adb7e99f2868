use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::error::ApiError;
use super::login_outcome::ErrorDialect;
use super::otp::OtpExchange;
use super::request::ApiRequest;
use super::state::Api;
use crate::oauth::GrantType;

/// `POST /oauth/ro`: Auth0's predecessor of the token endpoint.
pub(crate) async fn ro(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Json<Value>, ApiError> {
    let username = request.required_by_legacy("username")?;
    let otp = request.required_by_legacy("password")?;
    let connection = request.required_by_legacy("connection")?;
    let (client, client_auth) = request.authenticated(api.clients())?;
    if !client.may(GrantType::Ro) {
        return Err(ApiError::not_granted(GrantType::Ro));
    }
    if !client.may_use_connection(connection) {
        return Err(ApiError::bad("invalid_request", "the connection was not found"));
    }
    let (grant_type, dialect) = (GrantType::Ro, &ErrorDialect::LEGACY);
    let exchange =
        OtpExchange { client, client_auth, connection, username, otp, grant_type, dialect };
    exchange.run(&api, &request).await
}

/// `GET /user/ssodata`: whether a user is signed in, for the pages of a client that may ask.
pub(crate) async fn sso_data(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Json<Value>, ApiError> {
    let client = match (request.client(api.clients()), &request.origin) {
        (Some(client), Some(origin)) if client.trusts_page(origin) => client,
        _ => return Ok(Json(json!({ "sso": false }))),
    };
    let user = api.sessions().signed_in(&request.headers, &request.context).await?;
    Ok(Json(match user {
        None => json!({ "sso": false }),
        Some(user) => json!({
            "sso": true,
            "lastUsedConnection": { "name": "sms", "strategy": "sms" },
            "lastUsedUsername": user.phone().e164(),
            "lastUsedUserID": user.user().to_string(),
            "sessionClients": [client.id.as_str()],
        }),
    }))
}
