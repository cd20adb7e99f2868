use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::client_auth::ClientAuth;
use super::error::ApiError;
use super::request::ApiRequest;
use super::state::Api;

/// `POST /oauth/introspect` (RFC 7662), for clients that show a secret: an API that keeps no state
/// learns here of a revocation. Whatever is not an active token of the client's is answered alike.
pub(crate) async fn introspect(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Json<Value>, ApiError> {
    let client = match request.client_auth(api.clients()) {
        Ok((client, ClientAuth::Proved)) => client,
        Ok(_) => return Err(unauthorized(&request, "a public client may not introspect")),
        Err(why) => return Err(unauthorized(&request, why)),
    };
    let found = api.grants.introspect(client, request.required("token")?).await?;
    let inactive = || Map::from_iter([("active".to_owned(), json!(false))]);
    Ok(Json(Value::Object(found.unwrap_or_else(inactive))))
}

fn unauthorized(request: &ApiRequest, why: &'static str) -> ApiError {
    let error = ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
    request.challenged(error).because(why)
}
