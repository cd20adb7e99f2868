use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use pingora::upstreams::peer::{HttpPeer, Peer as _};
use pingora::{Error, ErrorType, OrErr as _, Result};
use pingora_core::modules::http::HttpModules;
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};

use super::access_log::AccessLine;
use super::bridge;
use super::connection::Connection;
use super::decision::DecisionLabel;
use super::exchange::{self, Exchange};
use super::failure;
use super::forward_auth::Question;
use super::head;
use super::headers;
use super::ignored_headers::IgnoredHeaders;
use super::reclaim::Reclaimer;
use super::request_id;
use super::response;
use super::routing::{self, RouteOutcome};
use super::snapshot::Shared;
use super::streams;
use super::upstream_request;
use super::upstream_state;
use crate::domain::Peer;
use crate::gate;
use crate::pages::{FailedRequest, Problem};

/// How long a client may take nothing of the answer to a request that is one too many.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Pingora's callbacks, in the order in which a request passes them.
pub(super) struct Gateway {
    shared: Shared,
    reclaimer: Reclaimer,
    ignored_headers: IgnoredHeaders,
    missing_headers: IgnoredHeaders,
}

impl Gateway {
    pub(super) fn new(shared: Shared, reclaimer: Reclaimer) -> Self {
        let (ignored_headers, missing_headers) = Default::default();
        Self { shared, reclaimer, ignored_headers, missing_headers }
    }

    /// Finds a request's id and its client's address.
    fn identify(&self, session: &Session, peer: Peer, ctx: &mut Exchange) -> Option<IpAddr> {
        let (headers, trusted) = (&session.req_header().headers, &ctx.snapshot.trusted_proxies);
        let is_trusted = gate::is_trusted_peer(peer, trusted);
        let id = request_id::choose(headers, is_trusted, &self.shared.system);
        let client = gate::client_of(peer, headers, trusted);
        let (events, now) = (&*self.shared.events, ctx.started);
        match (peer.address().filter(|_| !is_trusted), client) {
            (Some(address), _) => self.ignored_headers.tell_of((headers, address), events, now),
            (_, None) => self.missing_headers.tell_of_none(now),
            _ => {}
        }
        (ctx.answer_headers.request_id, ctx.client) = (Some(id), client);
        client
    }

    /// Counts the request. `Some`: too many are under way.
    fn admit(&self, client: IpAddr, ctx: &mut Exchange) -> Option<Problem> {
        // A trusted proxy that does not tell whose requests it carries has many clients.
        let is_proxy = gate::is_trusted_proxy(client, &ctx.snapshot.trusted_proxies);
        let limit = match self.shared.exchanges.acquire((!is_proxy).then_some(client)) {
            Ok(slot) => {
                self.reclaimer.seen(self.shared.exchanges.open());
                ctx.slot = Some(slot);
                return None;
            }
            Err(limit) => limit,
        };
        ctx.decision = DecisionLabel::Limited;
        Some(failure::too_many(limit))
    }

    /// Answers a request whatever it asks for.
    async fn refuse(&self, session: &mut Session, why: Problem, ctx: &Exchange) -> Result<bool> {
        session.set_write_timeout(Some(REFUSAL_TIMEOUT));
        Box::pin(self.answer(session, RouteOutcome::Problem(why, None), ctx)).await?;
        Ok(true)
    }

    /// Answers a request that is not forwarded.
    async fn answer(
        &self,
        session: &mut Session,
        outcome: RouteOutcome<'_>,
        ctx: &Exchange,
    ) -> Result<()> {
        let id = ctx.answer_headers.request_id.as_ref();
        let headers = |session: &Session| request_id::with_id(&session.req_header().headers, id);
        let web = &ctx.snapshot.web;
        let answer = match outcome {
            RouteOutcome::Forward => return Ok(()),
            RouteOutcome::Own(context) => bridge::answer(session, ctx, context).await,
            RouteOutcome::Answer(answer) => answer,
            RouteOutcome::LogIn(at, challenge) => {
                bridge::log_in_first(session, ctx, (at, challenge)).await
            }
            RouteOutcome::Problem(problem, at) => {
                let (here, headers) = (head::repeatable(session.req_header()), &headers(session));
                web.problem(&problem, &FailedRequest { here, headers, at })
            }
            RouteOutcome::MalformedHead(problem, at) => {
                head::refusal(&problem, &headers(session), (web, at))
            }
        };
        self.shared.drain.close_if_ending(session);
        response::send(session, answer, ctx).await
    }

    /// Writes the headers that tell the app of a site where a request comes from and who calls.
    fn write_own_headers(headers: &mut HeaderMap, site: usize, ctx: &Exchange) -> Result<()> {
        let forwarded = ctx.snapshot.forwarded_headers.get(site).zip(ctx.client);
        let id = ctx.answer_headers.request_id.as_ref();
        upstream_request::tell_origin(headers, id, forwarded);
        let identity = ctx.snapshot.authorizer.write_identity(site, &ctx.caller, headers);
        identity.or_err(ErrorType::InternalError, "cannot write the identity headers")
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.shared.snapshot.load_full(), self.shared.system.now())
    }

    /// No modules: compression is left to the app.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut Exchange) -> Result<bool> {
        exchange::begin(session);
        ctx.head_matches = head::matches_parsed(session);
        if let Some(target) = head::origin_form(session.req_header()) {
            session.req_header_mut().set_raw_path(&target)?;
        }
        headers::join_cookies(session.req_header_mut())?;
        let snapshot = Arc::clone(&ctx.snapshot);
        let peer = Connection::peer_of(session.digest())?;
        ctx.certificate = Connection::certificate_of(session.digest());
        let Some(client) = self.identify(session, peer, ctx) else {
            ctx.decision = DecisionLabel::BadRequest;
            return self.refuse(session, Problem::BadRequest, ctx).await;
        };
        if let Some(problem) = self.admit(client, ctx) {
            return self.refuse(session, problem, ctx).await;
        }
        let request = session.req_header();
        let outcome = match Question::of(request, peer, &snapshot) {
            Some(question) => {
                // Rare where requests are forwarded, and large: boxed.
                let answer = question.answer(&self.shared, &snapshot, client, ctx);
                RouteOutcome::Answer(Box::pin(answer).await)
            }
            None => routing::route(&self.shared, &snapshot, request, client, ctx).await,
        };
        if matches!(outcome, RouteOutcome::Forward) {
            headers::forget_spelling(session.req_header_mut())?;
            return Ok(false);
        }
        // Rare, and large: boxed, so that forwarded requests need no room for it.
        Box::pin(self.answer(session, outcome, ctx)).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        ctx: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        ctx.forwarded = self.shared.system.now();
        // What was sent of the body is sent again.
        ctx.received = 0;
        let peer = streams::peer(session, ctx, &self.shared);
        if self.shared.upstreams.has_failing() {
            ctx.upstream = ctx.chosen.as_ref().map(|chosen| chosen.address().to_owned());
        }
        peer.map(Box::new)
            .ok_or_else(|| Error::explain(ErrorType::ConnectError, "no upstream is resolved"))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        let found = ctx.site.zip(ctx.site());
        let no_site = || Error::explain(ErrorType::InternalError, "no site");
        let (index, site) = found.ok_or_else(no_site)?;
        streams::check_protocol(request, ctx)?;
        let is_http2 = session.req_header().version == http::Version::HTTP_2;
        let passes_trailers = is_http2 && streams::is_to_http2(ctx);
        upstream_request::prepare(request, (site, ctx.snapshot.map.reserved()), |headers| {
            if passes_trailers {
                headers.insert(http::header::TE, upstream_request::TRAILERS);
            }
            Self::write_own_headers(headers, index, ctx)
        })
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        if let Some(flow) = &ctx.flow {
            flow.pipe.head_came(response);
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        streams::check_switch(session, response)?;
        streams::allow_silence(session, response, ctx);
        let is_head = session.req_header().method == http::Method::HEAD;
        headers::check_framing(response, is_head)?;
        // Ours, not the app's (RFC 9110 §2.5).
        response.set_version(http::Version::HTTP_11);
        // Early hints are not the final answer (RFC 8297).
        if let Some(site) = ctx.site.filter(|_| response.status != StatusCode::EARLY_HINTS) {
            ctx.snapshot
                .requests
                .upstream_took(site, self.shared.system.now().since(ctx.forwarded));
        }
        upstream_state::answered(&self.shared, ctx);
        self.shared.drain.close_if_ending(session);
        if session.req_header().version == http::Version::HTTP_10 {
            // HTTP/1.0 has no chunked coding (RFC 9112 §7.1): the body ends with the connection.
            response.remove_header(&http::header::TRANSFER_ENCODING);
            session.set_keepalive(None);
        }
        headers::rewrite_response(response, |status, headers| {
            headers::clean_response(status, headers, ctx.private);
            ctx.answer_headers.apply_to_upstream(headers);
        })
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        ctx: &mut Exchange,
        client_reused: bool,
    ) -> Box<Error> {
        ctx.upstream = Some(peer.address().to_string());
        let attempt =
            streams::failed_attempt(ctx, client_reused && !failure::is_refused_unseen(&error));
        failure::decide_retry(&mut error, session, attempt);
        error
    }

    /// A request that did not reach an upstream may be sent to another.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        ctx: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        ctx.upstream = Some(peer.address().to_string());
        upstream_state::unreachable(&self.shared, ctx, &error);
        error.set_retry(ctx.has_alternatives());
        error
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        part: &mut Option<Bytes>,
        end: bool,
        ctx: &mut Exchange,
    ) -> Result<()> {
        streams::check_caller(ctx, &self.shared)?;
        // After a protocol switch, what comes is no body.
        if !session.was_upgraded() {
            ctx.count_body(part.as_ref())?;
            streams::body_came(session, part.as_ref(), end);
        }
        match (&mut ctx.flow, part) {
            (Some(flow), Some(part)) if !part.is_empty() => flow.send(part.len()).await,
            // Over HTTP/2 the end may come alone. Pingora would write it to an app of HTTP/1.1 as the
            // last chunk, and the last chunk after it.
            (_, part) if end && part.as_ref().is_some_and(Bytes::is_empty) => {
                *part = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        part: &mut Option<Bytes>,
        _end: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<Duration>> {
        streams::check_caller(ctx, &self.shared)?;
        streams::check_total(ctx, &self.shared)?;
        if let (Some(flow), Some(part)) = (&mut ctx.flow, part) {
            flow.answer(session, part.len())?;
        }
        Ok(None)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Exchange,
    ) -> FailToProxy {
        if streams::has_ended(ctx) {
            ctx.decision = DecisionLabel::SessionOver;
        }
        let (code, problem) = failure::why_failed(error, session);
        let is_answered = session.response_written().is_some();
        if problem.is_none() && !is_answered {
            ctx.decision = DecisionLabel::ClientGone;
        }
        if let Some(problem) = problem.filter(|_| !is_answered) {
            if code >= 500 {
                if ctx.decision != DecisionLabel::SessionOver {
                    upstream_state::failed(&self.shared, ctx, error);
                }
                ctx.decision = DecisionLabel::UpstreamFailed;
            }
            session.set_keepalive(None);
            let at = ctx.site().map(|site| &site.url.origin);
            let id = ctx.answer_headers.request_id.as_ref();
            let headers = &request_id::with_id(&session.req_header().headers, id);
            let here = head::repeatable(session.req_header());
            let failed = FailedRequest { here, headers, at };
            let answer = ctx.snapshot.web.problem(&problem, &failed);
            // An error means that the client is gone.
            let _ = response::send(session, answer, ctx).await;
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Exchange) {
        if let Some(connection) = Connection::of(session.digest()) {
            connection.request_finished();
        }
        exchange::refuse_early_request(session);
        let request = session.req_header();
        let error = error.map(|error| error.etype().as_str());
        let user = ctx.caller.person().map(|(who, _)| who.user_text().as_ref());
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        let decision = ctx.decision.as_str();
        let failed = ctx.decision == DecisionLabel::UpstreamFailed;
        ctx.snapshot.requests.count(ctx.site, decision, status);
        self.shared.access_log.write(&AccessLine {
            at: ctx.started,
            client: ctx.client,
            method: request.method.as_str(),
            host: head::requested_host(request),
            path: request.uri.path(),
            status,
            bytes: session.body_bytes_sent(),
            took: self.shared.system.now().since(ctx.started),
            decision,
            would: ctx.would.map(DecisionLabel::as_str),
            user,
            error,
            site: ctx.site().filter(|_| failed).map(|site| site.name.as_str()),
            upstream: ctx.upstream.as_deref().filter(|_| failed),
            request_id: ctx.answer_headers.request_id.as_ref().and_then(|id| id.to_str().ok()),
        });
    }
}
