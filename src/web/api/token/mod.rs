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
use super::refusal::NO_CLIENT;
use crate::oauth::{Client, Grant};
use crate::web::Web;

pub(super) use issue::{Issue, new_secret};
pub(super) use passwordless::{WRONG, Words, judged, log_in, number, realm, wrong};

/// What every way gives, or why not.
type Given = Result<Json<Value>, ApiError>;

pub(in crate::web) async fn token(State(web): State<Arc<Web>>, Handed(call): Handed) -> Given {
    let grant_type = required(&call, "grant_type")?;
    let (client, standing) = authenticated(&web, &call)?;
    let grant = Grant::of_type(grant_type);
    let grant = grant.filter(|grant| !matches!(grant, Grant::Implicit | Grant::Ro));
    let Some(grant) = grant else {
        let named: String = grant_type.chars().filter(|c| !c.is_control()).take(100).collect();
        let text = format!("Unsupported grant type: {named}");
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
    let client = call.client(&web.oauth.clients);
    let client = client.ok_or_else(|| ApiError::unauthorized().because(NO_CLIENT))?;
    match call.credentials.standing(client) {
        standing @ (Standing::Proved | Standing::Public) => Ok((client, standing)),
        standing => Err(ApiError::unauthorized().because(standing.fault())),
    }
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
