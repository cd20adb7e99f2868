//! Long-lived requests: websockets, event streams, long transfers. They end with the session or
//! access token that let them in.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, StatusCode, Version};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::body_flow::BodyFlow;
use super::connection::Connection;
use super::exchange::Exchange;
use super::head;
use super::pipe::Pipe;
use super::snapshot::Shared;
use super::upstream::DedicatedConnection;
use crate::gate::Site;

/// A request younger than this is still answered when its session ends.
const SHORT: Duration = Duration::from_secs(5);
/// For [`Connection::await_app`].
const NO_LIMIT: Duration = Duration::ZERO;

/// The upstream of a request, and the kind of connection; `None`: no name of it is resolved.
pub(super) fn peer(session: &Session, ctx: &mut Exchange, shared: &Shared) -> Option<HttpPeer> {
    let connection = Connection::of(session.digest())?;
    let is_http2 = session.req_header().version == Version::HTTP_2;
    // A request that is sent once more flows anew.
    let flow = BodyFlow::new(connection, is_http2);
    let pipe = Arc::clone(&flow.pipe);
    let is_retry = ctx.flow.replace(flow).is_some();
    let site = ctx.site()?;
    if is_websocket(session) {
        connection.switches();
    }
    // A dedicated connection bounds the silence of the app itself.
    let mut peer = if is_long(session) {
        let connection = dedicated_connection(session, site, ctx, shared, pipe);
        shared.resolver.dedicated_peer(site, connection)?
    } else {
        // Between two reads, not for a whole answer: downloads may take longer.
        let timeout = site.upstream_options.timeout;
        let timeout = (!connection.await_app(timeout)).then_some(timeout);
        shared.resolver.shared_peer(site, pipe, timeout, is_retry)?
    };
    if head::has_no_hop_by_hop(&session.req_header().headers) {
        // Nothing to remove but `Connection`, which `headers` removes.
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
    }
    Some(peer)
}

/// Whether a request asks for a websocket or an event stream.
fn is_long(session: &Session) -> bool {
    is_websocket(session) || wants_events(&session.req_header().headers)
}

/// A connection of its own for a websocket or event stream, which ends with the session and with the
/// process.
fn dedicated_connection(
    session: &Session,
    site: &Site,
    ctx: &Exchange,
    shared: &Shared,
    pipe: Arc<Pipe>,
) -> DedicatedConnection {
    DedicatedConnection {
        answer_timeout: site.upstream_options.timeout,
        switches: is_websocket(session),
        drain_signal: Arc::clone(&shared.drain.drain_signal),
        watch: ctx.snapshot.authorizer.watch(&ctx.caller),
        pipe,
    }
}

/// A part of a request's body came, or its end: tells the connection whether the client is waited for.
pub(super) fn body_came(session: &Session, part: Option<&Bytes>, end: bool) {
    let Some(connection) = Connection::of(session.digest()) else { return };
    if end {
        connection.body_complete();
    } else if part.is_some() {
        connection.body_begins();
    }
}

/// An answer that is an event stream may be silent for any time, whether or not the request accepted
/// that type by name.
pub(super) fn allow_silence(session: &Session, answer: &ResponseHeader, ctx: &Exchange) {
    if !is_event_stream(answer) {
        return;
    }
    if let Some(connection) = Connection::of(session.digest()) {
        connection.await_app(NO_LIMIT);
    }
    if let Some(flow) = &ctx.flow {
        flow.pipe.allow_silence();
    }
}

fn is_event_stream(answer: &ResponseHeader) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("text/event-stream"))
}

/// Fails for a 101 that was not requested. Pingora would pass it on, and a proxy before us would take
/// what follows for another protocol.
pub(super) fn check_switch(session: &Session, answer: &ResponseHeader) -> Result<()> {
    if answer.status == StatusCode::SWITCHING_PROTOCOLS && !is_websocket(session) {
        return Error::e_explain(
            ErrorType::InvalidHTTPHeader,
            "a protocol switch that was not requested",
        );
    }
    Ok(())
}

/// As Pingora decides which request may switch. Requests with a body were refused before.
fn is_websocket(session: &Session) -> bool {
    let request = session.req_header();
    let upgrade = request.headers.get(UPGRADE);
    request.version == Version::HTTP_11
        && upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// As `EventSource` (HTML §9.2.2) and its polyfills ask.
fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Fails when the session or token that let a request in some time ago has ended: nothing more is
/// passed in either direction.
pub(super) fn check_caller(ctx: &Exchange, shared: &Shared) -> Result<()> {
    let is_long = || shared.system.now().since(ctx.started) >= SHORT;
    if !ctx.caller.is_nobody() && is_long() && has_ended(ctx) {
        return Error::e_explain(ErrorType::ConnectionClosed, "the session is over");
    }
    Ok(())
}

/// Whether the session or token that let a request in has ended since.
pub(super) fn has_ended(ctx: &Exchange) -> bool {
    ctx.snapshot.authorizer.has_ended(&ctx.caller)
}
