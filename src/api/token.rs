use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::client_auth::ClientAuth;
use super::client_limits::PresentedLimit;
use super::error::ApiError;
use super::login_outcome::ErrorDialect;
use super::otp::{OtpExchange, realm};
use super::params::repeated;
use super::request::ApiRequest;
use super::state::Api;
use super::token_response::{client_token_response, token_response};
use crate::login::LimitAction;
use crate::oauth::{Client, CodeRedemption, GrantType, RefreshRequest};

/// How much of an unknown grant type an error repeats, in characters.
const LONGEST_GRANT_TYPE: usize = 100;

type TokenAnswer = Result<Json<Value>, ApiError>;

/// `POST /oauth/token` (RFC 6749 §3.2).
pub(crate) async fn token(State(api): State<Arc<Api>>, request: ApiRequest) -> TokenAnswer {
    let named = request.required("grant_type")?;
    let (client, client_auth) = request.authenticated(api.clients())?;
    let grant_type = match GrantType::of_type(named) {
        Some(grant_type) if !matches!(grant_type, GrantType::Implicit | GrantType::Ro) => {
            grant_type
        }
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
        GrantType::Passwordless => passwordless(&api, &request, client, client_auth).await,
        GrantType::AuthorizationCode => authorization_code(&api, &request, client).await,
        GrantType::RefreshToken => refresh_token(&api, &request, client).await,
        GrantType::ClientCredentials => client_credentials(&api, &request, client, client_auth),
        GrantType::Implicit | GrantType::Ro => Err(ApiError::not_granted(grant_type)),
    }
}

async fn passwordless(
    api: &Api,
    request: &ApiRequest,
    client: &Client,
    client_auth: ClientAuth,
) -> TokenAnswer {
    let (username, otp) = (request.required("username")?, request.required("otp")?);
    let connection = realm(request, client)?;
    let (grant_type, dialect) = (GrantType::Passwordless, &ErrorDialect::TOKEN);
    let exchange =
        OtpExchange { client, client_auth, connection, username, otp, grant_type, dialect };
    exchange.run(api, request).await
}

async fn authorization_code(api: &Api, request: &ApiRequest, client: &Client) -> TokenAnswer {
    let redemption = CodeRedemption {
        code: request.required("code")?,
        redirect_uri: request.text("redirect_uri").unwrap_or_default(),
        code_verifier: request.text("code_verifier"),
        target: request.params.target(),
    };
    let limit = PresentedLimit::of(api, request, client, LimitAction::WrongAuthorizationCode);
    let redeemed = api.grants.redeem_code(client, &redemption).await;
    Ok(token_response(&limit.counted(redeemed).await?))
}

async fn refresh_token(api: &Api, request: &ApiRequest, client: &Client) -> TokenAnswer {
    let refresh = RefreshRequest {
        refresh_token: request.required("refresh_token")?,
        scope: request.text("scope"),
        target: request.params.target(),
    };
    let limit = PresentedLimit::of(api, request, client, LimitAction::WrongRefreshToken);
    let refreshed = api.grants.refresh(client, &refresh).await;
    Ok(token_response(&limit.counted(refreshed).await?))
}

fn client_credentials(
    api: &Api,
    request: &ApiRequest,
    client: &Client,
    client_auth: ClientAuth,
) -> TokenAnswer {
    // The configuration allows no public client this grant type.
    if client_auth != ClientAuth::Proved {
        return Err(request.unauthorized().because(ClientAuth::Unproved.fault()));
    }
    let target = request.params.target();
    if target.resource.is_none() {
        request.required("audience")?;
    }
    let issued = api.grants.client_credentials(client, request.text("scope"), target)?;
    Ok(client_token_response(&issued))
}
