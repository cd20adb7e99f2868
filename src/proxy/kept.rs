//! Whether a connection of HTTP/1 stays for another request.
use http::header::UPGRADE;
use pingora_proxy::Session;

/// At a request's start.
pub(super) fn begin(session: &mut Session) {
    // Bytes that come before the answer must not end the request: Pingora keeps them only where it
    // takes requests one behind the other. What comes before a switch of protocols was sent without
    // knowing whether there will be one, and stays refused.
    let switches = session.req_header().headers.contains_key(UPGRADE);
    session.as_downstream_mut().set_pipelining_enabled(!switches);
}

/// When all is answered. The bytes of a second request that came too early are not looked at: the
/// connection is closed (RFC 9112 §9.3.2).
pub(super) fn end(session: &mut Session) {
    session.as_downstream_mut().set_pipelining_enabled(false);
}
