use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::call::Handed;
use super::error::ApiError;
use super::token::required;
use crate::domain::GrantId;
use crate::events::Event;
use crate::oauth::{self, Client, RefreshToken};
use crate::pages::Web;

/// `POST /oauth/revoke` (RFC 7009): ends a refresh token, and all that came from the same login;
/// the same for an access token. Whoever names a token that there is not has what they wanted.
pub(crate) async fn revoke(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<StatusCode, ApiError> {
    let (client, _) = call.authenticated(&web.oauth.clients).map_err(|why| {
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized").because(why)
    })?;
    let grant = grant_of(&web, client, required(&call, "token")?).await?;
    if let Some(grant) = grant {
        let revoked = web.grants.revoke(grant, web.system.now()).await;
        let revoked = revoked.inspect_err(|error| web.store_failed("revoke a token", error))?;
        web.sessions.note_revoked(grant);
        if revoked {
            let client = client.id.as_str();
            web.events.record(&Event::GrantRevoked { client, grant });
        }
    }
    Ok(StatusCode::OK)
}

/// The grant of a token that is the client's, replaced or not.
async fn grant_of(web: &Web, client: &Client, token: &str) -> Result<Option<GrantId>, ApiError> {
    let now = web.system.now();
    if let Some(refresh) = RefreshToken::parse(token) {
        let found = web.grants.refresh(&refresh.digests(), &client.id, now).await;
        let found = found.inspect_err(|error| web.store_failed("find a token", error))?;
        return Ok(found.map(|found| found.grant.id));
    }
    let access = oauth::verify_access(&web.keys, web.map.issuer(), token, now).ok();
    let access = access.filter(|access| access.client == client.id);
    Ok(access.and_then(|access| access.grant))
}
