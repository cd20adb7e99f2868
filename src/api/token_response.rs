//! The body of a token response (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).
//! Issues nothing: `oauth` does.
use axum::Json;
use serde_json::{Map, Value};

use crate::oauth::{IssuedAccessToken, IssuedTokens};

/// The answer to a grant of a user.
pub(super) fn token_response(issued: &IssuedTokens) -> Json<Value> {
    let id_token = issued.id_token.as_deref().map(|token| ("id_token", token.into()));
    let refresh_token = issued.refresh_token.as_ref();
    let refresh_token = refresh_token.map(|token| ("refresh_token", token.reveal().into()));
    let fields = id_token.into_iter().chain(refresh_token).chain(access_fields(&issued.access));
    json(fields)
}

/// The answer to a client that acts for itself.
pub(super) fn client_token_response(issued: &IssuedAccessToken) -> Json<Value> {
    json(access_fields(issued))
}

/// The fields of an access token, which `/authorize` sends in the same form.
pub(super) fn access_fields(issued: &IssuedAccessToken) -> [(&'static str, Value); 4] {
    [
        ("access_token", issued.token.as_str().into()),
        ("scope", issued.scope.to_string().into()),
        ("expires_in", issued.lifetime.as_secs().into()),
        ("token_type", "Bearer".into()),
    ]
}

fn json(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Json<Value> {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    Json(Value::Object(fields.collect::<Map<_, _>>()))
}
