use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::client_auth::Standing;
use super::error::ApiError;
use super::login_outcome::ErrorDialect;
use super::otp::{OtpExchange, realm};
use super::params::repeated;
use super::request::ApiRequest;
use super::state::Api;
use super::token_response::{client_token_response, token_response};
use crate::oauth::{Client, CodeRedemption, Grant, RefreshRequest};

/// How much of an unknown grant type an error repeats, in characters.
const LONGEST_GRANT_TYPE: usize = 100;

type TokenAnswer = Result<Json<Value>, ApiError>;

/// `POST /oauth/token` (RFC 6749 §3.2).
pub(crate) async fn token(State(api): State<Arc<Api>>, request: ApiRequest) -> TokenAnswer {
    let named = request.required("grant_type")?;
    let (client, client_auth) = request.authenticated(api.clients())?;
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
        Grant::Passwordless => passwordless(&api, &request, client, client_auth).await,
        Grant::AuthorizationCode => authorization_code(&api, &request, client).await,
        Grant::RefreshToken => refresh_token(&api, &request, client).await,
        Grant::ClientCredentials => client_credentials(&api, &request, client, client_auth),
        Grant::Implicit | Grant::Ro => Err(ApiError::not_granted(grant_type)),
    }
}

async fn passwordless(
    api: &Api,
    request: &ApiRequest,
    client: &Client,
    client_auth: Standing,
) -> TokenAnswer {
    let (username, otp) = (request.required("username")?, request.required("otp")?);
    let connection = realm(request, client)?;
    let (grant_type, dialect) = (Grant::Passwordless, &ErrorDialect::TOKEN);
    let exchange =
        OtpExchange { client, client_auth, connection, username, otp, grant_type, dialect };
    exchange.run(api, request).await
}

async fn authorization_code(api: &Api, request: &ApiRequest, client: &Client) -> TokenAnswer {
    let redemption = CodeRedemption {
        code: request.required("code")?,
        redirect_uri: request.text("redirect_uri").unwrap_or_default(),
        code_verifier: request.text("code_verifier"),
    };
    Ok(token_response(&api.grants.redeem_code(client, &redemption).await?))
}

async fn refresh_token(api: &Api, request: &ApiRequest, client: &Client) -> TokenAnswer {
    let refresh = RefreshRequest {
        refresh_token: request.required("refresh_token")?,
        scope: request.text("scope"),
        audience: request.text("audience"),
    };
    Ok(token_response(&api.grants.refresh(client, &refresh).await?))
}

fn client_credentials(
    api: &Api,
    request: &ApiRequest,
    client: &Client,
    client_auth: Standing,
) -> TokenAnswer {
    // The configuration allows no public client this grant type.
    if client_auth != Standing::Proved {
        return Err(ApiError::unauthorized().because(Standing::Unproved.fault()));
    }
    let audience = request.required("audience")?;
    let issued = api.grants.client_credentials(client, request.text("scope"), audience)?;
    Ok(client_token_response(&issued))
}
