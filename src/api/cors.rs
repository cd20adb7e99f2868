use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::error::ApiError;
use super::refusal::ApiRefusal;
use super::request::ApiRequest;
use super::state::Api;
use crate::domain::{ClientId, Origin};
use crate::gate::{self, Initiator};
use crate::oauth::Client;
use crate::pages::{HeaderClass, Problem, RequestContext, UnreadBody};

/// For the log.
const FOREIGN: &str = "the origin is none of the client's origins, nor that of a callback";
/// For the log: `Origin` is `null`, or missing in a browser's request.
const HIDDEN: &str = "the request is of a page that does not name its origin";

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// What the SDKs send. Listed, since `*` does not cover `Authorization` (Fetch §3.2.3).
const HEADERS: HeaderValue = HeaderValue::from_static(
    "auth0-client, authorization, content-type, x-request-language, auth0-forwarded-for",
);
/// How long browsers cache a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The response headers that scripts may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-request-id",
);

/// An extension of a response: the client that it is for, where the request itself names none,
/// but its bearer token does.
#[derive(Clone)]
pub(super) struct OfClient(pub(super) ClientId);

/// The `Origin` of a request, and its value as it was sent.
type NamedOrigin = (Origin, HeaderValue);

/// Reads a request to the API, passes it on unless a foreign page made it, and adds the CORS headers
/// to the answer, whatever that is. Without them on errors, scripts see a generic network error, and
/// some SDKs retry three times.
pub(crate) async fn admit(
    api: &Api,
    (path, class): (&'static str, HeaderClass),
    context: RequestContext,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let named = gate::request_origin(&parts.headers).map(|(origin, text)| (origin, text.clone()));
    let credentials = class == HeaderClass::ApiWithCredentials;
    if parts.method == Method::OPTIONS {
        return preflight(api, path, named.as_ref(), credentials);
    }
    let own = context.origin.clone();
    let origin = named.as_ref().map(|(origin, _)| origin.clone());
    let (client, mut response) = match read(&parts, context, body, origin).await {
        Ok(mut request) => {
            let client = request.client(api.clients());
            let admitted = match may_act(api, client, &parts, &own) {
                Ok(()) => api.authenticate(&mut request).await,
                Err(refused) => Err(refused),
            };
            match admitted {
                Ok(()) => {
                    parts.extensions.insert(request);
                    (client, next.run(Request::from_parts(parts, Body::empty())).await)
                }
                Err(error) => (client, error.into_response()),
            }
        }
        Err(error) => (None, error.into_response()),
    };
    let of_token = response.extensions().get::<OfClient>();
    let of_token = of_token.and_then(|OfClient(id)| api.clients().find(id.as_str()));
    let client = of_token.or(client);
    let shared = named.as_ref().is_some_and(|(origin, _)| shares(api, client, origin));
    match (response.extensions().get::<ApiRefusal>(), &named) {
        (Some(refusal), _) => api.record_refusal(client, path, refusal),
        // The page's script cannot read the answer, whatever that is.
        (None, Some((origin, _))) if !shared && *origin != own => {
            api.record_refusal(client, path, &foreign(origin));
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

async fn read(
    parts: &Parts,
    context: RequestContext,
    body: Body,
    origin: Option<Origin>,
) -> Result<ApiRequest, ApiError> {
    if let Some(UnreadBody(problem)) = parts.extensions.get() {
        return Err(ApiError::unread(problem));
    }
    // `/userinfo` refuses it as any other token that it cannot read (RFC 6750 §3.1).
    if gate::is_authorized_twice(&parts.headers) && !parts.uri.path().ends_with("/userinfo") {
        return Err(ApiError::bad("invalid_request", "there are two Authorization headers"));
    }
    // The proxy limits the length of bodies.
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|_| ApiError::unread(&Problem::BadRequest))?;
    ApiRequest::read(parts, context, &body, origin).map_err(ApiError::from)
}

/// Refuses a browser's request with an unsafe method, which may send a text or change something,
/// unless its page is ours or one of those that the client lists. Whether its script may read the
/// answer is no protection: forms and `no-cors` requests are sent without a preflight.
fn may_act(
    api: &Api,
    client: Option<&Client>,
    parts: &Parts,
    own: &Origin,
) -> Result<(), ApiError> {
    if parts.method.is_safe() {
        return Ok(());
    }
    match gate::initiator(&parts.headers, own) {
        Initiator::Program | Initiator::SameOrigin => Ok(()),
        Initiator::Page(origin) if shares(api, client, &origin) => Ok(()),
        Initiator::Page(origin) => {
            let text = format!("Origin {origin} is not allowed.");
            let error = ApiError::forbidden("access_denied", text);
            Err(error.because(FOREIGN).naming(&origin.to_string()))
        }
        Initiator::UnknownPage => {
            Err(ApiError::forbidden("access_denied", "Origin is missing.").because(HIDDEN))
        }
    }
}

fn foreign(origin: &Origin) -> ApiRefusal {
    ApiRefusal::new("foreign_origin", FOREIGN).naming(&origin.to_string())
}

/// Whether scripts of `origin` may read the answer. Without a client it is an error, which the
/// pages of every client may read.
fn shares(api: &Api, client: Option<&Client>, origin: &Origin) -> bool {
    match client {
        Some(client) => client.shares_with(origin) || client.trusts_page(origin),
        None => api.clients().share_with(origin),
    }
}

fn share(headers: &mut HeaderMap, origin: HeaderValue, credentials: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

/// Answers a preflight (Fetch §4.8), which names no client: the pages of every client may ask.
fn preflight(
    api: &Api,
    path: &'static str,
    named: Option<&NamedOrigin>,
    credentials: bool,
) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    match named {
        Some((origin, text)) if api.clients().share_with(origin) => {
            share(headers, text.clone(), credentials);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        Some((origin, _)) => api.record_refusal(None, path, &foreign(origin)),
        None => {}
    }
    response
}
