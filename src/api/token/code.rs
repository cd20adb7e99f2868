use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::super::call::Call;
use super::super::error::ApiError;
use super::issue::Issue;
use super::{Given, invalid_grant, required};
use crate::domain::{AuthorizationCodeDigest, sha256};
use crate::events::Event;
use crate::oauth::{Asked, Client};
use crate::pages::Web;
use crate::store::{GrantState, NewGrant, RedeemedCode, StoredCode, StoredGrant};

const INVALID: &str = "Invalid authorization code";
/// For the log.
const UNKNOWN: &str = "there is no such code";

/// A code of `/authorize` for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). The first who hands it in
/// uses it up, right or wrong; whoever comes second ends what the first was given.
pub(super) async fn redeem(web: &Web, call: &Call, client: &Client) -> Given {
    let code = AuthorizationCodeDigest::of(required(call, "code")?);
    let found = web.grants.code(&code).await;
    let found = found.inspect_err(|error| web.store_failed("read a code", error))?;
    let stored = found.ok_or_else(|| invalid_grant(INVALID).because(UNKNOWN))?;
    let asked = match judged(call, client, &stored) {
        Ok(asked) => asked,
        Err(refusal) => {
            take(web, client, &code, None).await.err();
            return Err(refusal);
        }
    };
    let (new, refresh) = web.new_grant(client, &asked);
    let grant = take(web, client, &code, Some(&new)).await?;
    web.give(&Issue {
        client,
        grant: &grant,
        asked: &asked,
        nonce: stored.nonce.as_deref(),
        refresh,
    })
}

/// What a code asks for, if it is handed in by whom and as it was made for.
fn judged(call: &Call, client: &Client, code: &StoredCode) -> Result<Asked, ApiError> {
    let uri = call.text("redirect_uri").unwrap_or_default();
    if code.client != client.id {
        return Err(invalid_grant(INVALID).because("the code is another client's"));
    }
    if code.redirect_uri != uri {
        let error = invalid_grant(INVALID);
        return Err(error.because("redirect_uri is not that of /authorize").naming(uri));
    }
    let proved = match (&code.challenge, call.text("code_verifier")) {
        // RFC 7636 §4.1.
        (Some(_), Some(verifier)) if !(43..=128).contains(&verifier.len()) => false,
        (Some(challenge), Some(verifier)) => {
            let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
            bool::from(made.as_bytes().ct_eq(challenge.as_bytes()))
        }
        // `/authorize` asks every public client for a challenge.
        (None, None) => client.is_confidential(),
        // Somebody has taken the challenge out on the way (RFC 9700 §4.8.2).
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !proved {
        return Err(invalid_grant("Failed to verify code verifier"));
    }
    Ok(Asked { scope: code.scope.clone(), audience: code.audience.clone() })
}

/// Uses the code up, for a grant or for nothing.
async fn take(
    web: &Web,
    client: &Client,
    code: &AuthorizationCodeDigest,
    gives: Option<&NewGrant>,
) -> Result<StoredGrant, ApiError> {
    let taken = web.grants.redeem_code(code, gives, web.system.now()).await;
    match taken.inspect_err(|error| web.store_failed("take a code", error))? {
        RedeemedCode::Taken(GrantState::Good(grant)) => Ok(grant),
        RedeemedCode::Taken(GrantState::Blocked) => Err(invalid_grant("user is blocked")),
        RedeemedCode::Used { revoked } => {
            if let Some(grant) = revoked {
                web.sessions.note_revoked(grant);
                let (what, client) = ("an authorization code", client.id.as_str());
                web.events.record(&Event::Reused { what, client, grant });
            }
            Err(invalid_grant(INVALID).because("the code came twice"))
        }
        RedeemedCode::Expired => Err(invalid_grant(INVALID).because("the code is too old")),
        RedeemedCode::Taken(GrantState::Over) => {
            Err(invalid_grant(INVALID).because("the session of the code is over"))
        }
        RedeemedCode::Unknown => Err(invalid_grant(INVALID).because(UNKNOWN)),
    }
}
