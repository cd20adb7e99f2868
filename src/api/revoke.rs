use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::call::Handed;
use super::error::ApiError;
use crate::pages::Web;

/// `POST /oauth/revoke` (RFC 7009). Unknown tokens are answered 200 (§2.2).
pub(crate) async fn revoke(
    State(api): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<StatusCode, ApiError> {
    let (client, _) = call.client_auth(&api.oauth.clients).map_err(|why| {
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized").because(why)
    })?;
    api.grants.revoke(client, call.required("token")?).await?;
    Ok(StatusCode::OK)
}
