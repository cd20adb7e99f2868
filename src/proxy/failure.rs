//! Failed exchanges with an app: whether the request is retried, and what the client is answered.
use std::io;

use pingora::{Error, ErrorSource, ErrorType};
use pingora_proxy::Session;

use super::exchanges::ExchangeLimit;
use crate::pages::Problem;
use crate::pages::views::LimitMessage;

/// The error of a request whose body is above the site's limit.
pub(super) const TOO_LARGE: ErrorType = ErrorType::HTTPStatus(413);

/// When a request that is refused for the limit of one address may come again, seconds: others of the
/// address will have been answered.
const RETRY_AFTER_LIMIT: u64 = 5;

/// What is answered to a request that is one too many.
pub(super) const fn too_many(limit: ExchangeLimit) -> Problem {
    match limit {
        ExchangeLimit::Total => Problem::Unavailable,
        ExchangeLimit::Address => Problem::Limited {
            limit: LimitMessage::Network,
            key: limit.key(),
            seconds: RETRY_AFTER_LIMIT,
        },
    }
}

/// Decides whether a request is sent again: only an idempotent one (RFC 9110 §9.2.2) without a body,
/// and only when a reused connection turned out to be closed.
pub(super) fn decide_retry(error: &mut Error, session: &mut Session, connection_was_kept: bool) {
    if session.req_header().method.is_idempotent() && session.as_mut().is_body_empty() {
        error.retry.decide_reuse(connection_was_kept);
    } else {
        error.set_retry(false);
    }
}

/// The status of a failed exchange, and the problem to answer with; `None` when the client is gone.
pub(super) fn why_failed(error: &Error, session: &mut Session) -> (u16, Option<Problem>) {
    use ErrorType::{
        ConnectTimedout, ConnectionClosed, H2Error, ReadError, ReadTimedout, WriteError,
        WriteTimedout,
    };
    if *error.etype() == TOO_LARGE {
        return (413, Some(Problem::TooLarge));
    }
    // Whether the page may offer to send the request again.
    let retry = session.req_header().method.is_safe();
    let timed_out = matches!(error.etype(), ConnectTimedout | ReadTimedout | WriteTimedout);
    let gone = matches!(error.etype(), ConnectionClosed | ReadError | WriteError | WriteTimedout);
    // `connection` measures an app's silence on the client's side.
    let app_is_silent = *error.etype() == ReadError && is_silence(error);
    // With a body incomplete, the app waits for the client, as we do.
    let waits_for_client = !session.as_mut().is_body_done();
    match error.esource() {
        // Apps speak HTTP/1: the client reset its stream, or its connection ended.
        _ if *error.etype() == H2Error => (400, None),
        _ if app_is_silent && waits_for_client => (408, Some(Problem::TooSlow)),
        _ if app_is_silent => (504, Some(Problem::UpstreamSlow { retry })),
        ErrorSource::Downstream if gone => (400, None),
        ErrorSource::Downstream if timed_out => (408, Some(Problem::TooSlow)),
        ErrorSource::Downstream => (400, Some(Problem::BadRequest)),
        _ if *error.etype() == ReadTimedout && waits_for_client => (408, Some(Problem::TooSlow)),
        _ if timed_out => (504, Some(Problem::UpstreamSlow { retry })),
        _ => (502, Some(Problem::UpstreamDown { retry })),
    }
}

/// Whether our own timeout ended a read: Pingora reports that as a read error.
fn is_silence(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    let is_ours = |why: &io::Error| why.raw_os_error().is_none();
    cause.is_some_and(|why| why.kind() == io::ErrorKind::TimedOut && is_ours(why))
}
