use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::call::Handed;
use super::client_auth::Standing;
use super::error::ApiError;
use super::refusal::NO_CLIENT;
use super::token::required;
use crate::domain::{GrantId, digest};
use crate::events::Event;
use crate::oauth::{self, Client};
use crate::web::Web;

/// `POST /oauth/revoke` (RFC 7009): ends a refresh token, and all that came from the same login;
/// the same for an access token. Whoever names a token that there is not has what they wanted.
pub(in crate::web) async fn revoke(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<StatusCode, ApiError> {
    let client = call.client(&web.oauth.clients);
    let unknown = |why| {
        ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized").because(why)
    };
    let client = client.ok_or_else(|| unknown(NO_CLIENT))?;
    match call.credentials.standing(client) {
        Standing::Proved | Standing::Public => {}
        standing => return Err(unknown(standing.fault())),
    }
    let token = required(&call, "token")?;
    let (now, issuer) = (web.system.now(), web.map.issuer());
    let kept = digest(token.as_bytes());
    let revoked = web.grants.revoke_by_refresh(&kept, client.id.as_str(), now).await;
    let revoked = revoked.inspect_err(|error| web.store_failed("revoke a token", error))?;
    if let Some(grant) = revoked {
        web.tell_revoked(client, grant);
        return Ok(StatusCode::OK);
    }
    let access = oauth::verify_access(&web.keys, issuer, token, now).ok();
    let access = access.filter(|access| access.client == client.id);
    if let Some(grant) = access.and_then(|access| GrantId::parse(access.grant.as_deref()?)) {
        let revoked = web.grants.revoke(grant, now).await;
        revoked.inspect_err(|error| web.store_failed("revoke a token", error))?;
        web.tell_revoked(client, grant);
    }
    Ok(StatusCode::OK)
}

impl Web {
    fn tell_revoked(&self, client: &Client, grant: GrantId) {
        self.sessions.note_revoked(grant);
        self.events.record(&Event::GrantRevoked { client: client.id.as_str(), grant });
    }
}
