//! Requests that may live long: websockets, event streams, long uploads and downloads. They end
//! with the session or access token that let them in.
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, UPGRADE};
use http::{HeaderMap, StatusCode, Version};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::{Error, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::bearer;
use super::connection::Connection;
use super::exchange::Exchange;
use super::head;
use super::live::Shared;
use super::upstream::OwnLine;
use crate::gate::{Bearer, Caller, Site};
use crate::session::Watch;

/// What began so short a time ago is still answered when its session ends.
const ORDINARY: Duration = Duration::from_secs(5);

/// Where a request goes on to, and on which connection.
pub(super) fn peer(session: &Session, ctx: &Exchange, shared: &Shared) -> Option<HttpPeer> {
    let site = ctx.site()?;
    // A line of its own looks after its silence itself.
    let mut peer = if let Some(line) = own_line(session, site, ctx, shared) {
        shared.resolver.own_peer(site, line)?
    } else {
        let mut peer = shared.resolver.peer(site)?;
        let patience = site.passage.timeout;
        let connection = Connection::of(session.digest());
        if !connection.is_some_and(|connection| connection.waits_for_app(patience)) {
            // Between two reads, not for a whole answer: long downloads live.
            peer.options.read_timeout = Some(patience);
        }
        peer
    };
    if head::is_for_every_hop(&session.req_header().headers) {
        // Nothing is to be taken out but `Connection`, which `headers` sees to.
        peer.options.http_upstream_request_policy = HttpUpstreamRequestPolicy::preserve();
    }
    Some(peer)
}

/// The connection to the app that a websocket or an event stream gets for itself: one that ends
/// at once when the session does, and when the process does. `None` for every other request.
fn own_line(session: &Session, site: &Site, ctx: &Exchange, shared: &Shared) -> Option<OwnLine> {
    let switches = is_websocket(session);
    (switches || wants_events(&session.req_header().headers)).then(|| OwnLine {
        patience: site.passage.timeout,
        switches,
        last_call: Arc::clone(&shared.drain.last_call),
        watch: watch(&ctx.caller, shared),
    })
}

fn watch(caller: &Caller, shared: &Shared) -> Option<Watch> {
    match caller {
        Caller::Nobody => None,
        Caller::Session(who, _) => Some(shared.sessions.watch(who)),
        Caller::Token(Bearer { access, who }) => {
            let who = who.as_ref().map(|(who, _)| who);
            Some(shared.sessions.watch_token(who, bearer::term(access)))
        }
    }
}

/// Fails for a switch of protocols that nobody asked for: Pingora would pass it on, and a proxy
/// before us would take what follows for no HTTP any more.
pub(super) fn is_asked_for(session: &Session, answer: &ResponseHeader) -> Result<()> {
    if answer.status == StatusCode::SWITCHING_PROTOCOLS && !is_websocket(session) {
        return Error::e_explain(ErrorType::InvalidHTTPHeader, "a switch that was not asked for");
    }
    Ok(())
}

/// As Pingora judges which request it lets switch; with a body, none comes this far.
fn is_websocket(session: &Session) -> bool {
    let request = session.req_header();
    let upgrade = request.headers.get(UPGRADE);
    request.version == Version::HTTP_11
        && upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What `EventSource` says of itself (HTML §9.2.2), and libraries that stand in for it.
fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Fails when the session or token that let a request in long ago is over: nothing more passes,
/// either way.
pub(super) fn goes_on(ctx: &Exchange, shared: &Shared) -> Result<()> {
    let long = || shared.system.now().since(ctx.began) >= ORDINARY;
    if !ctx.caller.is_nobody() && long() && is_over(ctx, shared) {
        return Error::e_explain(ErrorType::ConnectionClosed, "the session is over");
    }
    Ok(())
}

/// Whether the session or token that let a request in has ended since.
pub(super) fn is_over(ctx: &Exchange, shared: &Shared) -> bool {
    let sessions = &shared.sessions;
    match &ctx.caller {
        Caller::Nobody => false,
        Caller::Session(who, _) => !sessions.is_still_good(who, ctx.live.session),
        Caller::Token(Bearer { access, who }) => {
            let who = who.as_ref().map(|(who, _)| who);
            !sessions.is_token_still_good(who, bearer::term(access))
        }
    }
}
