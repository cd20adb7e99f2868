//! Sends answers of ours to the client.
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode, Version, header};
use pingora::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::exchange::Exchange;
use super::grpc;

/// Limit for what is still read of a request that is answered before its end, bytes.
const MAX_DISCARDED: usize = 64 << 20;
/// How long that is read after the answer, as nginx does (`lingering_timeout`): many megabytes take
/// seconds over a slow network or on a busy machine.
const DISCARD_AFTER: Duration = Duration::from_secs(5);
/// How long, where the answer has to wait for it.
const DISCARD_BEFORE: Duration = Duration::from_secs(2);

/// Sends an answer of ours, with the headers that every answer to the request has.
///
/// # Errors
/// When the client is gone.
pub(super) async fn send(
    session: &mut Session,
    mut answer: Response<Bytes>,
    ctx: &Exchange,
) -> Result<()> {
    ctx.answer_headers.apply_to_own(answer.headers_mut());
    grpc::write_status(&session.req_header().headers, &mut answer);
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
    let ends_with_head = !has_body || is_head || body.is_empty();
    let is_http2 = session.req_header().version == Version::HTTP_2;
    if is_http2 {
        // The end of an answer resets the stream while the client still sends, and the answer may
        // be lost with it.
        discard_body(session, DISCARD_BEFORE).await;
    }
    session.write_response_header(Box::new(head), ends_with_head).await?;
    if !ends_with_head {
        session.write_response_body(Some(body), true).await?;
    } else if is_http2 {
        // Pingora ends no stream with a head.
        session.write_response_body(None, true).await?;
    }
    if !is_http2 {
        // Closing a connection with unread bytes resets it, and the answer may be lost.
        discard_body(session, DISCARD_AFTER).await;
    }
    Ok(())
}

/// Reads what a client still sends, within limits, so that it gets to read the answer (RFC 9112
/// §9.6). A client that sends for longer loses the answer.
async fn discard_body(session: &mut Session, limit: Duration) {
    let rest = async {
        let mut read = 0;
        while let Ok(Some(part)) = session.read_request_body().await {
            read += part.len();
            if read > MAX_DISCARDED {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(limit, rest).await;
}
