use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::error::ApiError;
use super::request::ApiRequest;
use super::state::Api;

/// `POST /oauth/revoke` (RFC 7009). Unknown tokens are answered 200 (§2.2).
pub(crate) async fn revoke(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<StatusCode, ApiError> {
    let (client, _) = request.client_auth(api.clients()).map_err(|why| {
        let error = ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
        request.challenged(error).because(why)
    })?;
    api.grants.revoke(client, request.required("token")?).await?;
    Ok(StatusCode::OK)
}
