use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::call::{Call, Handed};
use super::client_auth::Standing;
use super::error::ApiError;
use super::login_outcome::ErrorDialect;
use super::otp::{OtpExchange, realm};
use super::params::repeated;
use super::token_response::{client_token_response, token_response};
use crate::oauth::{Client, CodeRedemption, Grant, RefreshRequest};
use crate::pages::Web;

/// How much of an unknown grant type an error repeats, in characters.
const LONGEST_GRANT_TYPE: usize = 100;

type TokenAnswer = Result<Json<Value>, ApiError>;

/// `POST /oauth/token` (RFC 6749 §3.2).
pub(crate) async fn token(State(api): State<Arc<Web>>, Handed(call): Handed) -> TokenAnswer {
    let named = call.required("grant_type")?;
    let (client, client_auth) = call.authenticated(&api.oauth.clients)?;
    let grant_type = match Grant::of_type(named) {
        Some(grant_type) if !matches!(grant_type, Grant::Implicit | Grant::Ro) => grant_type,
        _ => {
            let named = repeated(named, LONGEST_GRANT_TYPE);
            let text = format!("Unsupported grant type: {named}");
            let error = ApiError::forbidden("unsupported_grant_type", text);
            return Err(error.because("there is no such grant_type"));
        }
    };
    if !client.may(grant_type) {
        return Err(ApiError::not_granted(grant_type));
    }
    match grant_type {
        Grant::Passwordless => passwordless(&api, &call, client, client_auth).await,
        Grant::AuthorizationCode => authorization_code(&api, &call, client).await,
        Grant::RefreshToken => refresh_token(&api, &call, client).await,
        Grant::ClientCredentials => client_credentials(&api, &call, client, client_auth),
        Grant::Implicit | Grant::Ro => Err(ApiError::not_granted(grant_type)),
    }
}

async fn passwordless(
    api: &Web,
    call: &Call,
    client: &Client,
    client_auth: Standing,
) -> TokenAnswer {
    let (username, otp) = (call.required("username")?, call.required("otp")?);
    let connection = realm(call, client)?;
    let (grant_type, dialect) = (Grant::Passwordless, &ErrorDialect::TOKEN);
    let exchange =
        OtpExchange { client, client_auth, connection, username, otp, grant_type, dialect };
    exchange.run(api, call).await
}

async fn authorization_code(api: &Web, call: &Call, client: &Client) -> TokenAnswer {
    let redemption = CodeRedemption {
        code: call.required("code")?,
        redirect_uri: call.text("redirect_uri").unwrap_or_default(),
        code_verifier: call.text("code_verifier"),
    };
    Ok(token_response(&api.grants.redeem_code(client, &redemption).await?))
}

async fn refresh_token(api: &Web, call: &Call, client: &Client) -> TokenAnswer {
    let request = RefreshRequest {
        refresh_token: call.required("refresh_token")?,
        scope: call.text("scope"),
        audience: call.text("audience"),
    };
    Ok(token_response(&api.grants.refresh(client, &request).await?))
}

fn client_credentials(
    api: &Web,
    call: &Call,
    client: &Client,
    client_auth: Standing,
) -> TokenAnswer {
    // The configuration allows no public client this grant type.
    if client_auth != Standing::Proved {
        return Err(ApiError::unauthorized().because(Standing::Unproved.fault()));
    }
    let audience = call.required("audience")?;
    let issued = api.grants.client_credentials(client, call.text("scope"), audience)?;
    Ok(client_token_response(&issued))
}
