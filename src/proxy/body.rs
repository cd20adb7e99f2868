//! How long the body of a request may be.
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use pingora::{Error, ErrorType, Result};

use super::exchange::Exchange;

/// What tells the way out of a request that its body was too long.
pub(super) const TOO_LARGE: ErrorType = ErrorType::HTTPStatus(413);

/// Whether the body is said to be longer than `most` bytes, before any of it is read.
pub(super) fn is_said_too_large(headers: &HeaderMap, most: u64) -> bool {
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    said.is_some_and(|length| length.parse().is_ok_and(|length: u64| length > most))
}

/// Counts a part of a body whose length nobody said; fails when there is more than the site takes.
pub(super) fn count(part: Option<&Bytes>, ctx: &mut Exchange) -> Result<()> {
    ctx.received += part.map_or(0, |part| part.len() as u64);
    let most = ctx.site().map(|site| site.passage.max_body);
    if most.is_some_and(|most| ctx.received > most) {
        return Error::e_explain(TOO_LARGE, "the body of the request is too long");
    }
    Ok(())
}
