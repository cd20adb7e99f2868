use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::state::Api;
use crate::oauth::{Algorithm, GrantType};

/// `GET /.well-known/openid-configuration` and its OAuth counterpart (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
pub(crate) async fn configuration(State(api): State<Arc<Api>>) -> Response {
    let mut response = axum::Json(document(&api)).into_response();
    let cacheable = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, cacheable);
    response
}

/// The same with the path of the issuer inserted (RFC 8414 §3.1, §5).
pub(crate) async fn configuration_of_path(
    state: State<Arc<Api>>,
    Path(path): Path<String>,
) -> Response {
    if state.issuer().base().strip_prefix('/') == Some(path.as_str()) {
        configuration(state).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

fn document(api: &Api) -> Value {
    let issuer = api.issuer();
    let documented = GrantType::ALL.into_iter().filter(|grant| !matches!(grant, GrantType::Ro));
    let grants: Vec<&str> = documented.map(GrantType::grant_type).collect();
    // Two while the algorithm is being changed.
    let algorithms = api.keys.token_algorithms(api.settings.algorithm);
    let algorithms: Vec<&str> = algorithms.into_iter().map(Algorithm::as_str).collect();
    json!({
        "issuer": issuer.to_string(),
        "authorization_endpoint": issuer.url("/authorize"),
        "token_endpoint": issuer.url("/oauth/token"),
        "userinfo_endpoint": issuer.url("/userinfo"),
        "jwks_uri": issuer.url("/.well-known/jwks.json"),
        "revocation_endpoint": issuer.url("/oauth/revoke"),
        "introspection_endpoint": issuer.url("/oauth/introspect"),
        "end_session_endpoint": issuer.url("/oidc/logout"),
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "groups", "offline_access"],
        "response_types_supported": ["code", "id_token", "token", "token id_token"],
        "response_modes_supported": ["query", "fragment", "form_post", "web_message"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "at_hash", "name",
            "nickname", "picture", "updated_at", "phone_number", "phone_number_verified",
            api.settings.groups_claim,
        ],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "ui_locales_supported":
            api.shell().views().languages().iter().map(|language| language.tag().to_owned())
                .collect::<Vec<_>>(),
    })
}
