//! Long-lived requests: websockets, event streams, long transfers. They end with the session or
//! access token that let them in.
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, StatusCode, Version};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;

use super::body_flow::BodyFlow;
use super::connection::Connection;
use super::connections::limit_key;
use super::exchange::Exchange;
use super::failure::FailedAttempt;
use super::head;
use super::pipe::Pipe;
use super::snapshot::Shared;
use super::upstream::{self, AppTimeouts, Chosen, DedicatedConnection, Upstreams};
use crate::gate::Site;

/// A request younger than this is still answered when its session ends.
const SHORT: Duration = Duration::from_secs(5);
/// For [`Connection::await_app`].
const NO_LIMIT: Duration = Duration::ZERO;

/// The upstream of a request, and the kind of connection; `None`: no name of it is resolved.
pub(super) fn peer(session: &Session, ctx: &mut Exchange, shared: &Shared) -> Option<HttpPeer> {
    let connection = Connection::of(session.digest())?;
    let is_http2 = session.req_header().version == Version::HTTP_2;
    ctx.chosen = choose(ctx);
    let to_http2 = ctx.chosen.as_ref()?.is_http2();
    // A request that is sent once more flows anew.
    let flow = BodyFlow::new(connection, is_http2, to_http2);
    let pipe = Arc::clone(&flow.pipe);
    // A kept connection that turned out to be closed is not replaced by another such.
    let is_retry = ctx.flow.replace(flow).is_some_and(|before| before.pipe.is_reused());
    let (site, chosen) = (ctx.site()?, ctx.chosen.as_ref()?);
    let mut peer = if to_http2 {
        http2_peer(connection, site, chosen)
    } else if is_long(session) {
        if is_websocket(session) {
            connection.switches();
        }
        // A dedicated connection bounds the silence of the app itself.
        let dedicated = dedicated_connection(session, site, ctx, shared, pipe);
        shared.upstreams.dedicated_peer(chosen, dedicated)
    } else {
        shared.upstreams.shared_peer(chosen, pipe, timeouts(connection, site), is_retry)
    };
    if head::has_no_hop_by_hop(&session.req_header().headers) {
        // Nothing to remove but `Connection`, which `headers` removes.
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
    }
    Some(peer)
}

/// The app's address for a request, or for another attempt: where a kept connection turned out to be
/// closed, the same one.
fn choose(ctx: &mut Exchange) -> Option<Chosen> {
    let before = ctx.chosen.take();
    if before.is_some() && ctx.flow.as_ref().is_some_and(|flow| flow.pipe.is_reused()) {
        return before;
    }
    ctx.snapshot.pools.choose(ctx.site?, || affinity(ctx), before.as_ref())
}

/// What requests of one session have in common and, without one, those of a network. Only we make
/// sessions, and a client cannot choose its network: none can aim its requests at one upstream.
fn affinity(ctx: &Exchange) -> u64 {
    match (ctx.caller.person(), ctx.client.map(limit_key)) {
        (Some((who, _)), _) => upstream::hash(who.session().as_bytes()),
        (None, Some(IpAddr::V4(address))) => upstream::hash(&address.octets()),
        (None, Some(IpAddr::V6(address))) => upstream::hash(&address.octets()),
        (None, None) => 0,
    }
}

/// Starts the wait for an app: between two reads, not for a whole answer, since downloads may take
/// longer.
fn timeouts(connection: &Connection, site: &Site) -> AppTimeouts {
    let options = &site.upstream_options;
    let first_byte = options.pool.first_byte_timeout.unwrap_or(options.timeout);
    let is_measured = connection.await_app(first_byte);
    let ours = |timeout: Duration| (!is_measured).then_some(timeout);
    AppTimeouts {
        first_byte: ours(first_byte),
        silence: ours(options.timeout),
        total: options.pool.total_timeout,
    }
}

/// A stream on a connection that others use too. Pingora knows one limit for both waits.
fn http2_peer(connection: &Connection, site: &Site, chosen: &Chosen) -> HttpPeer {
    let options = &site.upstream_options;
    let first_byte = options.pool.first_byte_timeout.unwrap_or(options.timeout);
    let silence = first_byte.max(options.timeout);
    let silence = options.pool.total_timeout.map_or(silence, |total| silence.min(total));
    connection.await_app(silence);
    Upstreams::http2_peer(chosen, silence)
}

/// Whether the app is spoken to by HTTP/2.
pub(super) fn is_to_http2(ctx: &Exchange) -> bool {
    ctx.chosen.as_ref().is_some_and(Chosen::is_http2)
}

/// Fails when an app of HTTP/2 has had its time for a whole answer. Over HTTP/1.1 the app's connection
/// measures that.
pub(super) fn check_total(ctx: &Exchange, shared: &Shared) -> Result<()> {
    let total = || ctx.site().and_then(|site| site.upstream_options.pool.total_timeout);
    let is_over = |total| shared.system.now().since(ctx.forwarded) >= total;
    if is_to_http2(ctx) && total().is_some_and(is_over) {
        return Err(Error::new_up(ErrorType::ReadTimedout));
    }
    Ok(())
}

/// Fails where HTTP/2 was not agreed on with an app that is to be spoken to by nothing else.
pub(super) fn check_protocol(request: &RequestHeader, ctx: &Exchange) -> Result<()> {
    if is_to_http2(ctx) && request.version != Version::HTTP_2 {
        let why = "the app does not speak HTTP/2";
        return Err(Error::explain(ErrorType::ConnectError, why).into_up());
    }
    Ok(())
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
        answer_timeout: site
            .upstream_options
            .pool
            .first_byte_timeout
            .unwrap_or(site.upstream_options.timeout),
        switches: is_websocket(session),
        drain_signal: Arc::clone(&shared.drain.drain_signal),
        site_end: ctx.site_end(),
        watch: ctx.snapshot.authorizer.watch(&ctx.caller),
        pipe,
    }
}

/// How far a request got that failed. `was_kept`: on a connection that Pingora kept.
pub(super) fn failed_attempt(ctx: &Exchange, was_kept: bool) -> FailedAttempt {
    let flow = ctx.flow.as_ref();
    if was_kept && let Some(flow) = flow {
        flow.pipe.set_reused();
    }
    FailedAttempt {
        // To Pingora, every connection of HTTP/1 is a new one.
        was_kept: flow.is_some_and(|flow| flow.pipe.is_reused()),
        has_begun_answer: flow.is_some_and(|flow| flow.pipe.has_heard()),
        has_alternatives: ctx.has_alternatives(),
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
        return answer_begins(session, answer, ctx);
    }
    if let Some(connection) = Connection::of(session.digest()) {
        connection.await_app(NO_LIMIT);
    }
    if let Some(flow) = &ctx.flow {
        flow.pipe.allow_silence();
    }
}

/// From its first byte on, an app has another time.
fn answer_begins(session: &Session, answer: &ResponseHeader, ctx: &Exchange) {
    let Some(options) = ctx.site().map(|site| &site.upstream_options) else { return };
    if options.pool.first_byte_timeout.is_some()
        && !answer.status.is_informational()
        && let Some(connection) = Connection::of(session.digest())
    {
        connection.await_app(options.timeout);
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
