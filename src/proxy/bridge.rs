//! From Pingora's session to `web`'s router, and back.
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt as _;
use pingora::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::exchange::Exchange;
use super::request_id::{self, X_REQUEST_ID};
use crate::pages::{Facts, Problem, Unread};

/// The longest body that an own endpoint takes.
const LONGEST_BODY: usize = 16 * 1024;
/// For a whole body: Pingora's own time-out starts anew with every read.
const WHOLE_BODY: Duration = Duration::from_secs(10);

/// What is read of a body that nobody wants.
const MOST_READ_ON: usize = 64 << 20;
/// For how long, once it is answered: as nginx does (`lingering_timeout`). Many megabytes take seconds
/// where the network is slow or the machine busy.
const READ_ON: Duration = Duration::from_secs(5);
/// The same where the answer has to wait for it.
const READ_BEFORE: Duration = Duration::from_secs(2);

/// Answers one of our own paths.
pub(super) async fn answer(session: &mut Session, ctx: &Exchange, facts: Facts) -> Response<Bytes> {
    let (at, live) = (facts.origin.clone(), &ctx.live);
    let headers =
        request_id::named(&session.req_header().headers, ctx.outgoing.request_id.as_ref());
    let refuse = |problem: &Problem| live.web.problem(problem, &headers, Some(&at));
    let body = tokio::time::timeout(WHOLE_BODY, read_body(session)).await;
    let (body, unread) = match body.unwrap_or(Err(Problem::TooSlow)) {
        Ok(body) => (body, None),
        Err(problem) => (Bytes::new(), Some(Unread(problem))),
    };
    let request = session.req_header();
    let path = request.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let below = path.strip_prefix(facts.base.as_str()).unwrap_or(path);
    let rooted = if below.starts_with('/') { below.to_owned() } else { format!("/{below}") };
    let mut inner = Request::builder().method(request.method.clone()).uri(rooted);
    if let Some(inner) = inner.headers_mut() {
        inner.clone_from(&headers);
    }
    let Ok(mut inner) = inner.extension(facts).body(Body::from(body)) else {
        return refuse(&Problem::BadRequest);
    };
    if let Some(unread) = unread {
        inner.extensions_mut().insert(unread);
    }
    // What is logged on the way says which request it is about.
    let id = inner.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let request = tracing::info_span!("request", id);
    let Ok(answer) = live.router.clone().oneshot(inner).instrument(request).await;
    let (parts, body) = answer.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(parts, body.to_bytes()),
        Err(_) => refuse(&Problem::Internal),
    }
}

async fn read_body(session: &mut Session) -> Result<Bytes, Problem> {
    let declared = session.req_header().headers.get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > LONGEST_BODY) {
        return Err(Problem::TooLarge);
    }
    let expects = session.req_header().headers.get(header::EXPECT).is_some();
    if expects && session.write_continue_response().await.is_err() {
        return Err(Problem::BadRequest);
    }
    let mut body = BytesMut::new();
    loop {
        match session.read_request_body().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_BODY => {
                return Err(Problem::TooLarge);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(_) => return Err(Problem::BadRequest),
        }
    }
}

/// Sends an answer of ours to the client.
pub(super) async fn send(session: &mut Session, answer: Response<Bytes>) -> Result<()> {
    let (parts, body) = answer.into_parts();
    let mut head = ResponseHeader::build(parts.status, Some(parts.headers.len() + 1))?;
    for (name, value) in &parts.headers {
        head.append_header(name.clone(), value.clone())?;
    }
    let has_body = !matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_head = session.req_header().method == Method::HEAD;
    if has_body && !(is_head && head.headers.contains_key(header::CONTENT_LENGTH)) {
        head.insert_header(header::CONTENT_LENGTH, body.len())?;
    }
    let silent = !has_body || is_head || body.is_empty();
    let streams = session.req_header().version == Version::HTTP_2;
    if streams {
        // The end of an answer resets what the client still sends, and often the answer with it.
        read_on(session, READ_BEFORE).await;
    }
    session.write_response_header(Box::new(head), silent).await?;
    if !silent {
        session.write_response_body(Some(body), true).await?;
    }
    if !streams {
        // A connection that is closed with bytes unread is reset, and the answer may be lost.
        read_on(session, READ_ON).await;
    }
    Ok(())
}

/// Reads what a client still sends that is answered before its end, for a moment, so that it
/// comes to read the answer (RFC 9112 §9.6).
async fn read_on(session: &mut Session, most: Duration) {
    let rest = async {
        let mut read = 0;
        while let Ok(Some(part)) = session.read_request_body().await {
            read += part.len();
            if read > MOST_READ_ON {
                return;
            }
        }
    };
    // Whoever sends for longer loses the answer.
    let _ = tokio::time::timeout(most, rest).await;
}
