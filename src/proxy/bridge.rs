//! Requests for our own paths: from Pingora's session to `web`'s router and back.
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use pingora_proxy::Session;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::exchange::Exchange;
use super::head;
use super::request_id::{self, X_REQUEST_ID};
use crate::domain::Origin;
use crate::pages::{FailedRequest, LONGEST_FORM, Problem, RequestContext, UnreadBody};
use crate::web::{LoginChallenge, longest_body};

/// Limit for reading a whole body. Pingora's own timeout starts anew with every read.
const WHOLE_BODY: Duration = Duration::from_secs(10);

/// Answers one of our own paths.
pub(super) async fn answer(
    session: &mut Session,
    ctx: &Exchange,
    context: RequestContext,
) -> Response<Bytes> {
    let (at, snapshot) = (context.origin.clone(), &ctx.snapshot);
    let headers =
        request_id::with_id(&session.req_header().headers, ctx.answer_headers.request_id.as_ref());
    let here = head::repeatable(session.req_header()).to_owned();
    let failed = FailedRequest { here: &here, headers: &headers, at: Some(&at) };
    let refuse = |problem: &Problem| snapshot.web.problem(problem, &failed);
    let path = session.req_header().uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let below = path.strip_prefix(context.base.as_str()).unwrap_or(path);
    let rooted = if below.starts_with('/') { below.to_owned() } else { format!("/{below}") };
    let body = tokio::time::timeout(WHOLE_BODY, read_body(session, longest_body(&rooted))).await;
    let (body, unread) = match body.unwrap_or(Err(Problem::TooSlow)) {
        Ok(body) => (body, None),
        Err(problem) => (Bytes::new(), Some(UnreadBody(problem))),
    };
    let request = session.req_header();
    let mut inner = Request::builder().method(request.method.clone()).uri(rooted);
    if let Some(inner) = inner.headers_mut() {
        inner.clone_from(&headers);
    }
    let Ok(mut inner) = inner.extension(context).body(Body::from(body)) else {
        return refuse(&Problem::BadRequest);
    };
    if let Some(unread) = unread {
        inner.extensions_mut().insert(unread);
    }
    // Events that handlers log name the request.
    let id = inner.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("request", request_id = id);
    let Ok(answer) = snapshot.router.clone().oneshot(inner).instrument(span).await;
    let (parts, body) = answer.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(parts, body.to_bytes()),
        Err(_) => refuse(&Problem::Internal),
    }
}

/// The answer to a request that needs a login first: a form that can be kept is, until then.
pub(super) async fn log_in_first(
    session: &mut Session,
    ctx: &Exchange,
    (at, challenge): (&Origin, LoginChallenge),
) -> Response<Bytes> {
    let web = &ctx.snapshot.web;
    if let Some(owner) = web.form_owner(at, session.req_header()).await {
        let body = tokio::time::timeout(WHOLE_BODY, read_body(session, LONGEST_FORM)).await;
        if let Ok(Ok(body)) = body {
            return web.keep_form(&owner, (at, challenge), session.req_header(), &body).await;
        }
    }
    web.challenge(at, session.req_header(), challenge)
}

/// `longest`: the limit in bytes.
async fn read_body(session: &mut Session, longest: usize) -> Result<Bytes, Problem> {
    let length = session.req_header().headers.get(header::CONTENT_LENGTH);
    let declared = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > longest) {
        return Err(Problem::TooLarge);
    }
    let expects = session.req_header().headers.get(header::EXPECT).is_some();
    if expects && session.write_continue_response().await.is_err() {
        return Err(Problem::BadRequest);
    }
    let mut body = BytesMut::new();
    loop {
        match session.read_request_body().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > longest => {
                return Err(Problem::TooLarge);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(_) => return Err(Problem::BadRequest),
        }
    }
}
