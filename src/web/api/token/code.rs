use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::super::call::Call;
use super::super::error::ApiError;
use super::issue::Issue;
use super::{Given, invalid_grant, required};
use crate::domain::{GrantId, digest};
use crate::oauth::{Asked, Client, Scope};
use crate::store::{GrantState, StoredCode, TakenCode};
use crate::web::Web;

const INVALID: &str = "Invalid authorization code";

/// A code of `/authorize` for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). The first who hands it in
/// uses it up, right or wrong; whoever comes second ends what the first was given.
pub(super) async fn redeem(web: &Web, call: &Call, client: &Client) -> Given {
    let code = digest(required(call, "code")?.as_bytes());
    let now = web.system.now();
    let id = GrantId::from_bytes(web.system.random());
    let taken = web.grants.take_code(&code, id, now).await;
    let stored = match taken.inspect_err(|error| web.store_failed("take a code", error))? {
        TakenCode::Good(stored) => stored,
        TakenCode::Used { grant } => {
            web.sessions.note_revoked(grant);
            tracing::warn!(%grant, client = %client.id, "an authorization code came twice: what it gave is revoked");
            return Err(invalid_grant(INVALID));
        }
        TakenCode::Unknown | TakenCode::Expired => return Err(invalid_grant(INVALID)),
    };
    matches(call, client, &stored)?;
    let scope = Scope::parse(&stored.scope).map_err(|_| invalid_grant(INVALID))?;
    let audience = Some(stored.audience.clone()).filter(|audience| !audience.is_empty());
    let asked = Asked { scope, audience };
    let (mut grant, refresh) = web.new_grant(client, &asked);
    grant.id = id;
    let opened = web.grants.open_grant(stored.session, &grant, now).await;
    match opened.inspect_err(|error| web.store_failed("open a grant", error))? {
        GrantState::Good(grant) => web.give(&Issue {
            client,
            grant: &grant,
            asked: &asked,
            nonce: stored.nonce.as_deref(),
            auth_time: Some(stored.auth_time),
            refresh,
        }),
        GrantState::Over => Err(invalid_grant(INVALID)),
        GrantState::Blocked => Err(invalid_grant("user is blocked")),
    }
}

/// Whether it is handed in by whom and as it was asked for.
fn matches(call: &Call, client: &Client, code: &StoredCode) -> Result<(), ApiError> {
    let uri = call.text("redirect_uri").unwrap_or_default();
    if code.client != client.id.as_str() || code.redirect_uri != uri {
        return Err(invalid_grant(INVALID));
    }
    let proved = match (&code.challenge, call.text("code_verifier")) {
        (Some(challenge), Some(verifier)) => {
            let made = URL_SAFE_NO_PAD.encode(digest(verifier.as_bytes()));
            bool::from(made.as_bytes().ct_eq(challenge.as_bytes()))
        }
        // `/authorize` asks every public client for a challenge.
        (None, None) => client.is_confidential(),
        // Somebody has taken the challenge out on the way (RFC 9700 §4.8.2).
        (None, Some(_)) | (Some(_), None) => false,
    };
    proved.then_some(()).ok_or_else(|| invalid_grant("Failed to verify code verifier"))
}
