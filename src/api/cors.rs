use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::call::Call;
use super::error::ApiError;
use super::refusal::Refusal;
use crate::domain::{ClientId, Origin};
use crate::gate;
use crate::oauth::Client;
use crate::pages::{Facts, HeaderClass, Problem, Unread, Web};

/// For the log, of a page whose script may not read an answer.
const FOREIGN: &str = "the origin is none of the client's origins, nor that of a callback";

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// What the SDKs send; asked for by name, since `*` does not cover `Authorization` (Fetch §3.2.3).
const HEADERS: HeaderValue = HeaderValue::from_static(
    "auth0-client, authorization, content-type, x-request-language, auth0-forwarded-for",
);
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
/// What scripts may read of an answer beside its body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id",
);

/// A handler's word on whose answer it is, where the call itself names no client: that of a
/// bearer token.
#[derive(Clone)]
pub(super) struct OfClient(pub(super) ClientId);

/// Reads a call of the API, lets it in, and says on its answer, whatever that is, whose scripts
/// may read it. Without that a script takes every refusal for a network that is down, and some
/// SDKs ask again three times.
pub(crate) async fn admit(
    web: &Web,
    (path, class): (&'static str, HeaderClass),
    facts: Facts,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let named = gate::named_origin(&parts.headers).map(|(origin, text)| (origin, text.clone()));
    let origin = named.as_ref().map(|(origin, _)| origin);
    let own = facts.origin.clone();
    let credentials = class == HeaderClass::ApiWithCredentials;
    let foreign =
        |origin: &Origin| Refusal::new("foreign_origin", FOREIGN).naming(&origin.to_string());
    if parts.method == Method::OPTIONS {
        let welcome = named.as_ref().filter(|(origin, _)| web.oauth.clients.share_with(origin));
        if let (None, Some(origin)) = (welcome, origin) {
            web.tell_refused(None, path, &foreign(origin));
        }
        return preflight(welcome.map(|(_, text)| text), credentials);
    }
    let unread = parts.extensions.get().map(|Unread(problem)| ApiError::unread(problem));
    // The proxy lets only short bodies through.
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let read = match (unread, body) {
        (None, Ok(body)) => {
            Call::read(&parts, facts, &body, origin.cloned()).map_err(ApiError::from)
        }
        (Some(why), _) => Err(why),
        (None, Err(_)) => Err(ApiError::unread(&Problem::BadRequest)),
    };
    let (client, mut response) = match read {
        Ok(call) => {
            let client = call.client(&web.oauth.clients);
            parts.extensions.insert(Arc::new(call));
            let inner = Request::from_parts(parts, axum::body::Body::empty());
            (client, next.run(inner).await)
        }
        Err(error) => (None, error.into_response()),
    };
    let told = response.extensions().get::<OfClient>();
    let told = told.and_then(|OfClient(id)| web.oauth.clients.find(id.as_str()));
    let whose = told.or(client);
    let shared = named.as_ref().is_some_and(|(origin, _)| shares(web, whose, origin));
    match (response.extensions().get::<Refusal>(), &named) {
        (Some(refusal), _) => web.tell_refused(whose, path, refusal),
        // Its page may not read the answer, whatever that is.
        (None, Some((origin, _))) if !shared && *origin != own => {
            web.tell_refused(whose, path, &foreign(origin));
        }
        _ => {}
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some((_, text)) = named.filter(|_| shared) {
        share(headers, text, credentials);
    }
    class.write(headers);
    response
}

/// What names no client that there is, is an error that any client's page may read.
fn shares(web: &Web, client: Option<&Client>, origin: &Origin) -> bool {
    client.map_or_else(
        || web.oauth.clients.share_with(origin),
        |client| client.shares_with(origin) || client.trusts_page(origin),
    )
}

fn share(headers: &mut HeaderMap, origin: HeaderValue, credentials: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

/// It names no client, so that any client's page may ask (Fetch §4.8).
fn preflight(origin: Option<&HeaderValue>, credentials: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        share(headers, origin.clone(), credentials);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    }
    response
}
