use axum::Json;
use serde_json::json;

use super::super::call::Call;
use super::super::client_auth::Standing;
use super::super::error::ApiError;
use super::issue::token_id;
use super::{Given, required};
use crate::oauth::{AccessToken, Asked, Client, Subject};
use crate::pages::Web;

/// A client's own token (RFC 6749 §4.4): no user, no session, no refresh token.
pub(super) fn redeem(web: &Web, call: &Call, client: &Client, standing: Standing) -> Given {
    // Configuration lets no public client have this grant.
    if standing != Standing::Proved {
        return Err(ApiError::unauthorized().because(Standing::Unproved.fault()));
    }
    let audience = required(call, "audience")?;
    let asked = Asked::of_client(client, call.text("scope"), audience)?;
    let lifetime = client.lifetimes.access_token;
    let token = AccessToken {
        client: &client.id,
        subject: Subject::Client,
        session: None,
        grant: None,
        audiences: asked.audience.iter().map(ToString::to_string).collect(),
        scope: &asked.scope,
        lifetime,
        id: &token_id(&web.system),
    };
    Ok(Json(json!({
        "access_token": web.signed(&token)?,
        "scope": asked.scope.to_string(),
        "expires_in": lifetime.as_secs(),
        "token_type": "Bearer",
    })))
}
