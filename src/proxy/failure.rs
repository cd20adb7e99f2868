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
            reference: None,
        },
    }
}

/// How far a request got that failed.
#[derive(Clone, Copy)]
pub(super) struct FailedAttempt {
    /// The connection served another request before.
    pub(super) was_kept: bool,
    /// The app has sent something.
    pub(super) has_begun_answer: bool,
    /// The site has another upstream.
    pub(super) has_alternatives: bool,
}

/// Decides whether a request is sent again: only an idempotent one (RFC 9110 §9.2.2) without a body,
/// and only when a reused connection turned out to be closed, or when an app hung up without a word and
/// there is another. One that an app refuses to look at (RFC 9113 §8.7) is sent again in any case, as
/// long as all of it is there.
pub(super) fn decide_retry(error: &mut Error, session: &mut Session, attempt: FailedAttempt) {
    let is_answered = attempt.has_begun_answer || session.response_written().is_some();
    if is_refused_unseen(error) {
        error.set_retry(!is_answered && !session.as_ref().retry_buffer_truncated());
    } else if !session.req_header().method.is_idempotent() || !session.as_mut().is_body_empty() {
        error.set_retry(false);
    } else if attempt.has_alternatives && !is_answered && hung_up(error) {
        error.set_retry(true);
    } else {
        error.retry.decide_reuse(attempt.was_kept);
    }
}

/// Whether an app said over HTTP/2 that it did not look at the request.
pub(super) fn is_refused_unseen(error: &Error) -> bool {
    let is_refusal = |why: &h2::Error| {
        let refused = why.is_reset() && why.reason() == Some(h2::Reason::REFUSED_STREAM);
        let going = why.is_go_away() && why.reason() == Some(h2::Reason::NO_ERROR);
        why.is_remote() && (refused || going)
    };
    let is_upstream = *error.esource() == ErrorSource::Upstream;
    is_upstream && error.root_cause().downcast_ref().is_some_and(is_refusal)
}

/// Whether an app ended the connection, and was not given up.
fn hung_up(error: &Error) -> bool {
    use ErrorType::{ConnectionClosed, H2Error, ReadError, WriteError};
    let is_end = matches!(error.etype(), ConnectionClosed | ReadError | WriteError | H2Error);
    *error.esource() == ErrorSource::Upstream && is_end && !is_silence(error)
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
        // The client reset its stream, or its connection ended.
        ErrorSource::Upstream if *error.etype() == H2Error => {
            (502, Some(Problem::UpstreamDown { retry }))
        }
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
