//! What becomes of an exchange with an app that breaks off.
use std::io;

use pingora::{Error, ErrorSource, ErrorType};
use pingora_proxy::Session;

use super::body;
use crate::pages::Problem;

/// Decides whether a request may be sent once more. Only what may be asked twice is: nothing with
/// a body, nothing that changes something each time (RFC 9110 §9.2.2); and only when the
/// connection was kept from an earlier request and had been closed meanwhile.
pub(super) fn decide_retry(error: &mut Error, session: &mut Session, connection_was_kept: bool) {
    if session.req_header().method.is_idempotent() && session.as_mut().is_body_empty() {
        error.retry.decide_reuse(connection_was_kept);
    } else {
        error.set_retry(false);
    }
}

/// The status for an exchange that broke off, and what is still said about it; `None` when the
/// client is gone.
pub(super) fn why_failed(error: &Error, session: &mut Session) -> (u16, Option<Problem>) {
    use ErrorType::{
        ConnectTimedout, ConnectionClosed, ReadError, ReadTimedout, WriteError, WriteTimedout,
    };
    if *error.etype() == body::TOO_LARGE {
        return (413, Some(Problem::TooLarge));
    }
    // Whether the person may simply try again.
    let retry = session.req_header().method.is_safe();
    let timed_out = matches!(error.etype(), ConnectTimedout | ReadTimedout | WriteTimedout);
    let gone = matches!(error.etype(), ConnectionClosed | ReadError | WriteError | WriteTimedout);
    // That an app is silent is seen on the side of the client, where `connection` waits.
    let app_is_silent = *error.etype() == ReadError && is_silence(error);
    // An app that has all that came so far waits for the client, as we do.
    let waits_for_client = !session.as_mut().is_body_done();
    match error.esource() {
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

/// Whether a connection of ours gave the app up: Pingora knows such an error only as one of
/// reading.
fn is_silence(error: &Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    let is_ours = |why: &io::Error| why.raw_os_error().is_none();
    cause.is_some_and(|why| why.kind() == io::ErrorKind::TimedOut && is_ours(why))
}
