use std::time::Duration;

use super::super::call::Call;
use super::super::error::ApiError;
use super::issue::{Issue, new_secret};
use super::{Given, invalid_grant, required};
use crate::domain::digest;
use crate::oauth::{Asked, Client, InvalidScope, NotAsked, Scope};
use crate::store::{Rotated, Rotation, StoredGrant};
use crate::web::Web;

/// Auth0's mobile SDKs compare it letter by letter.
const UNKNOWN: &str = "Unknown or invalid refresh token.";
/// Auth0's browser SDK looks for these words and then signs its user out.
const BLOCKED: &str = "user is blocked";

/// A refresh token for newer tokens (RFC 6749 §6).
pub(super) async fn redeem(web: &Web, call: &Call, client: &Client) -> Given {
    let old = digest(required(call, "refresh_token")?.as_bytes());
    // Before the token is used up: its place is taken by one that only a good answer brings.
    let wanted = call.text("scope").map(Scope::parse).transpose().map_err(unreadable)?;
    let next = client.rotates.then(|| new_secret(&web.system));
    let rotation = Rotation {
        client: client.id.as_str(),
        old: &old,
        new: next.as_ref().map(|(_, kept)| kept),
        at: web.system.now(),
        overlap: Duration::ZERO,
    };
    let rotated = web.grants.rotate(&rotation).await;
    let rotated = rotated.inspect_err(|error| web.store_failed("use a refresh token", error))?;
    let grant = match rotated {
        Rotated::Good(grant) => grant,
        Rotated::Blocked => return Err(invalid_grant(BLOCKED)),
        Rotated::Reused { grant } => {
            web.sessions.note_revoked(grant);
            tracing::warn!(%grant, client = %client.id, "a refresh token came twice: all that came from its login is revoked");
            return Err(invalid_grant(UNKNOWN));
        }
        Rotated::Unknown | Rotated::Over => return Err(invalid_grant(UNKNOWN)),
    };
    let asked = narrowed(&grant, client, wanted.as_ref())?;
    let refresh = next.map(|(text, _)| text);
    let issue = Issue { client, grant: &grant, asked: &asked, nonce: None, refresh };
    web.give(&issue)
}

fn unreadable(why: InvalidScope) -> ApiError {
    ApiError::from(NotAsked::Scope(why))
}

/// What was granted, as far as the client still may have it and now asks for it: never more.
fn narrowed(
    grant: &StoredGrant,
    client: &Client,
    wanted: Option<&Scope>,
) -> Result<Asked, ApiError> {
    let granted = Scope::parse(&grant.scope).map_err(unreadable)?;
    let scope = granted.only(|word| wanted.is_none_or(|wanted| wanted.contains(word)));
    let audience = Some(grant.audience.clone()).filter(|audience| !audience.is_empty());
    let known = audience.as_ref().is_none_or(|audience| client.audiences.contains(audience));
    // It is the configuration of now that says what a client may ask.
    known.then_some(Asked { scope, audience }).ok_or_else(|| invalid_grant(UNKNOWN))
}
