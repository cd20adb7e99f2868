use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::call::Handed;
use super::client_auth::Standing;
use super::error::ApiError;
use super::token::required;
use crate::domain::GrantId;
use crate::oauth::{self, RefreshToken};
use crate::web::Web;

/// `POST /oauth/revoke` (RFC 7009): ends a refresh token, and all that came from the same login;
/// the same for an access token. Whoever names a token that there is not has what they wanted.
pub(in crate::web) async fn revoke(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<StatusCode, ApiError> {
    let client = call.client(&web.oauth.clients);
    let client = client.filter(|client| {
        matches!(call.credentials.standing(client), Standing::Proved | Standing::Public)
    });
    let unknown = || ApiError::new(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
    let client = client.ok_or_else(unknown)?;
    let token = required(&call, "token")?;
    let (now, issuer) = (web.system.now(), web.map.issuer());
    let grant = match RefreshToken::parse(token) {
        Some(refresh) => {
            let found = web.grants.refresh(&refresh.digests(), client.id.as_str(), now).await;
            let found = found.inspect_err(|error| web.store_failed("find a token", error))?;
            found.map(|found| found.grant.id)
        }
        None => {
            let access = oauth::verify_access(&web.keys, issuer, token, now).ok();
            let access = access.filter(|access| access.client == client.id);
            access.and_then(|access| GrantId::parse(access.grant.as_deref()?))
        }
    };
    if let Some(grant) = grant {
        let revoked = web.grants.revoke(grant, now).await;
        revoked.inspect_err(|error| web.store_failed("revoke a token", error))?;
        web.sessions.note_revoked(grant);
    }
    Ok(StatusCode::OK)
}
