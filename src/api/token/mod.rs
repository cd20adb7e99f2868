//! `POST /oauth/token`: each way to tokens is a file; what they give is put together in `issue`.
//! Signs nothing and keeps nothing: `oauth` and `store` do.
mod code;
mod credentials;
mod issue;
mod passwordless;
mod refresh;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::call::{Call, Handed};
use super::client_auth::Standing;
use super::error::ApiError;
use super::params::repeated;
use crate::oauth::{Client, Grant};
use crate::pages::Web;

pub(super) use issue::{Issue, new_secret};
pub(super) use passwordless::{WRONG, Words, judged, log_in, number, realm, wrong};

/// Of a word that is none of ours, in an error.
const LONGEST_WORD: usize = 100;

/// What every way gives, or why not.
type Given = Result<Json<Value>, ApiError>;

pub(crate) async fn token(State(web): State<Arc<Web>>, Handed(call): Handed) -> Given {
    let grant_type = required(&call, "grant_type")?;
    let (client, standing) = authenticated(&web, &call)?;
    let grant = Grant::of_type(grant_type);
    let grant = grant.filter(|grant| !matches!(grant, Grant::Implicit | Grant::Ro));
    let Some(grant) = grant else {
        let text = format!("Unsupported grant type: {}", repeated(grant_type, LONGEST_WORD));
        let error = ApiError::forbidden("unsupported_grant_type", text);
        return Err(error.because("there is no such grant_type"));
    };
    if !client.may(grant) {
        return Err(ApiError::not_granted(grant));
    }
    let given = match grant {
        Grant::Passwordless => passwordless::redeem(&web, &call, client, standing).await,
        Grant::AuthorizationCode => code::redeem(&web, &call, client).await,
        Grant::RefreshToken => refresh::redeem(&web, &call, client).await,
        Grant::ClientCredentials => credentials::redeem(&web, &call, client, standing),
        Grant::Implicit | Grant::Ro => Err(ApiError::not_granted(grant)),
    };
    given.inspect(|_| web.tell_given(client, grant))
}

/// The client, once it has shown its secret if it has one. No `WWW-Authenticate`: with that, the
/// library within Auth0's own SDK hides the error from the app.
pub(super) fn authenticated<'w>(
    web: &'w Web,
    call: &Call,
) -> Result<(&'w Client, Standing), ApiError> {
    let found = call.authenticated(&web.oauth.clients);
    found.map_err(|why| ApiError::unauthorized().because(why))
}

pub(super) fn required<'c>(call: &'c Call, name: &'static str) -> Result<&'c str, ApiError> {
    call.text(name).ok_or_else(|| {
        let error = ApiError::bad("invalid_request", format!("Missing required parameter: {name}"));
        error.because("a parameter is missing").naming(name)
    })
}

pub(super) fn invalid_grant(text: &'static str) -> ApiError {
    ApiError::forbidden("invalid_grant", text)
}
