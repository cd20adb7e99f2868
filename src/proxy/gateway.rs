use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, OrErr as _, Result};
use pingora_core::modules::http::HttpModules;
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};

use super::access_log::Line;
use super::body;
use super::bridge;
use super::caller;
use super::connection::{Connection, WRITE};
use super::exchange::{Exchange, send};
use super::failure;
use super::head;
use super::headers;
use super::kept;
use super::live::{Live, Shared};
use super::passage;
use super::request_id;
use super::streams;
use crate::domain::Origin;
use crate::gate::{self, Asked, Caller, Decision, Located, Need, Preflight, Refusal};
use crate::pages::{Facts, Problem};

/// Pingora's callbacks: the way of every request.
pub(super) struct Gateway {
    shared: Shared,
}

/// What becomes of a request, before anything is written.
enum Fate<'l> {
    Forward,
    Own(Facts),
    Answer(Response<Bytes>),
    /// A page that says what is wrong; of the site at this origin, if of any.
    Problem(Problem, Option<&'l Origin>),
    /// The same of the head itself.
    Refusal(Problem),
}

impl Gateway {
    pub(super) const fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Judges a request. Every way out that is not `Forward` is an answer of ours.
    async fn judge<'l>(
        &self,
        live: &'l Live,
        request: &RequestHeader,
        client: IpAddr,
        ctx: &mut Exchange,
    ) -> Fate<'l> {
        ctx.decision = "bad-request";
        let odd = if ctx.as_read { head::odd(request) } else { Some(Problem::BadRequest) };
        if let Some(refused) = odd {
            return Fate::Refusal(refused);
        }
        let target = head::target(request);
        let read = target.and_then(|(host, path)| Ok((host, path, gate::readings(path)?)));
        let Ok((authority, path, readings)) = read else {
            return Fate::Problem(Problem::BadRequest, None);
        };
        match live.map.locate(&authority, &readings) {
            Located::UnknownHost => {
                ctx.decision = "unknown-host";
                Fate::Problem(Problem::UnknownHost, None)
            }
            Located::NoSite => {
                ctx.decision = "no-site";
                Fate::Problem(Problem::NotFound, None)
            }
            Located::Disguised => Fate::Problem(Problem::BadRequest, None),
            Located::Own(own) => {
                ctx.decision = "own";
                ctx.outgoing.hsts = live.hsts.of_own(own.origin);
                Fate::Own(Facts::new(&own, client))
            }
            Located::Site { index, origin } => {
                ctx.site = Some(index);
                ctx.outgoing.hsts = live.hsts.of_site(index);
                let site = &live.map.sites()[index];
                if let Some(refused) = passage::refusal(site, path) {
                    return Fate::Problem(refused, None);
                }
                let method = &request.method;
                let asked = Asked { site, method, readings: &readings, client };
                self.judge_site(&asked, origin, request, ctx).await
            }
        }
    }

    async fn judge_site<'l>(
        &self,
        asked: &Asked<'_>,
        origin: &'l Origin,
        request: &RequestHeader,
        ctx: &mut Exchange,
    ) -> Fate<'l> {
        let headers = &request.headers;
        let problem = |problem| Fate::Problem(problem, Some(origin));
        ctx.outgoing.sharing = gate::sharing(asked, headers);
        if gate::preflight(asked, headers) == Preflight::Ours {
            ctx.decision = "preflight";
            return match &ctx.outgoing.sharing.with {
                Some(_) => Fate::Answer(ctx.live.web.preflight(headers)),
                None => problem(Problem::Foreign),
            };
        }
        if gate::need(asked) == Need::Caller {
            ctx.privately = true;
            match caller::caller(&self.shared, request, origin, ctx).await {
                Ok(caller) => ctx.caller = caller,
                Err(unknown) => {
                    ctx.decision = unknown.decision();
                    return problem(unknown.problem());
                }
            }
        }
        // No page has a token that its own script did not put there.
        let by_cookie = matches!(ctx.caller, Caller::Session(..));
        if by_cookie && gate::is_foreign(asked.method, headers, origin, &asked.site.allowed_origins)
        {
            ctx.decision = "foreign-origin";
            return problem(Problem::Foreign);
        }
        match gate::decide(asked, &ctx.caller) {
            Decision::Forward if body::is_said_too_large(headers, asked.site.passage.max_body) => {
                ctx.decision = "too-large";
                problem(Problem::TooLarge)
            }
            Decision::Forward => {
                ctx.decision = "forward";
                Fate::Forward
            }
            Decision::SignIn => {
                ctx.decision = "sign-in";
                Fate::Answer(ctx.live.web.challenge(origin, request))
            }
            Decision::Refuse(why) => {
                ctx.decision = "refused";
                problem(match (why, &ctx.caller) {
                    (Refusal::NotAllowed, Caller::Session(who, _)) => {
                        Problem::Denied(who.phone().clone())
                    }
                    (Refusal::NotAllowed, Caller::Token(_)) => Problem::TokenDenied,
                    _ => Problem::Network,
                })
            }
        }
    }

    /// Tells the app where a request comes from and who calls.
    fn introduce(&self, headers: &mut HeaderMap, site: usize, ctx: &Exchange) -> Result<()> {
        request_id::name(headers, ctx.outgoing.request_id.as_ref());
        if let (Some(forwarding), Some(client)) = (ctx.live.forwardings.get(site), ctx.client) {
            forwarding.write(client, headers);
        }
        let introduction = ctx.live.map.introduction(site);
        let (keys, now) = (&self.shared.keys, self.shared.system.now());
        introduction
            .ok_or_else(|| Error::explain(ErrorType::InternalError, "no site"))?
            .write(&ctx.caller, keys, now, headers)
            .or_err(ErrorType::InternalError, "cannot tell the app who calls")
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.shared.live.load_full(), self.shared.system.now())
    }

    /// None: compression is the app's business.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut Exchange) -> Result<bool> {
        if let Some(connection) = Connection::of(session.digest()) {
            connection.head_is_whole(session.req_header().version);
        }
        kept::begin(session);
        if session.req_header().version == http::Version::HTTP_2 {
            // One stream of many may stand still; of HTTP/1, `connection` sees to it.
            session.set_write_timeout(Some(WRITE));
        }
        ctx.as_read = head::is_as_read(session);
        if let Some(target) = head::origin_form(session.req_header()) {
            session.req_header_mut().set_raw_path(&target)?;
        }
        let peer =
            session.client_addr().and_then(|addr| addr.as_inet()).map(std::net::SocketAddr::ip);
        let peer = peer.ok_or_else(|| Error::explain(ErrorType::InternalError, "no peer"))?;
        let live = Arc::clone(&ctx.live);
        let request = session.req_header();
        let trusted = gate::is_trusted(peer, &live.trusted_proxies);
        let id = request_id::of(&request.headers, trusted, &self.shared.system);
        ctx.outgoing.request_id = Some(id);
        let client = gate::client_ip(peer, &request.headers, &live.trusted_proxies);
        ctx.client = Some(client);
        let fate = self.judge(&live, request, client, ctx).await;
        let id = ctx.outgoing.request_id.as_ref();
        let named = |session: &Session| request_id::named(&session.req_header().headers, id);
        let answer = match fate {
            Fate::Forward => {
                headers::forget_spelling(session.req_header_mut())?;
                return Ok(false);
            }
            // Rare, and long: not a part of what each request has room for.
            Fate::Own(facts) => Box::pin(bridge::answer(session, ctx, facts)).await,
            Fate::Answer(answer) => answer,
            Fate::Problem(problem, at) => live.web.problem(&problem, &named(session), at),
            Fate::Refusal(problem) => head::refusal(&problem, &named(session), &live.web),
        };
        self.shared.drain.close_if_ending(session);
        Box::pin(send(session, answer, ctx)).await?;
        Ok(true)
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        ctx: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        ctx.asked = self.shared.system.now();
        let peer = streams::peer(session, ctx, &self.shared);
        peer.map(Box::new)
            .ok_or_else(|| Error::explain(ErrorType::ConnectError, "no upstream is resolved"))
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        let found = ctx.site.zip(ctx.site());
        let no_site = || Error::explain(ErrorType::InternalError, "no site");
        let (index, site) = found.ok_or_else(no_site)?;
        passage::prepare(request, site)?;
        headers::rewrite(request, |headers| {
            headers::clean_request(headers, ctx.live.map.reserved(), site.asks_for_methods());
            passage::tell_prefix(headers, site);
            self.introduce(headers, index, ctx)
        })
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Exchange,
    ) -> Result<()> {
        streams::is_asked_for(session, response)?;
        // Early hints are not the answer yet (RFC 8297).
        if let Some(site) = ctx.site.filter(|_| response.status != StatusCode::EARLY_HINTS) {
            ctx.live.requests.upstream_took(site, self.shared.system.now().since(ctx.asked));
        }
        self.shared.drain.close_if_ending(session);
        if session.req_header().version == http::Version::HTTP_10 {
            // That version knows no chunks (RFC 9112 §7.1): the end of the connection is the end.
            response.remove_header(&http::header::TRANSFER_ENCODING);
            session.set_keepalive(None);
        }
        headers::rewrite_response(response, |status, headers| {
            headers::clean_response(status, headers, ctx.privately);
            ctx.outgoing.write_apps(headers);
        })
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        _ctx: &mut Exchange,
        client_reused: bool,
    ) -> Box<Error> {
        failure::decide_retry(&mut error, session, client_reused);
        error
    }

    /// An upstream that cannot be reached was not asked: another one may be.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        ctx: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let resolver = &self.shared.resolver;
        error.set_retry(ctx.site().is_some_and(|site| resolver.has_others(site)));
        error
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        part: &mut Option<Bytes>,
        _end: bool,
        ctx: &mut Exchange,
    ) -> Result<()> {
        streams::goes_on(ctx, &self.shared)?;
        // After a switch of protocols there is no body.
        if session.was_upgraded() { Ok(()) } else { body::count(part.as_ref(), ctx) }
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        _part: &mut Option<Bytes>,
        _end: bool,
        ctx: &mut Exchange,
    ) -> Result<Option<Duration>> {
        streams::goes_on(ctx, &self.shared)?;
        Ok(None)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Exchange,
    ) -> FailToProxy {
        if streams::is_over(ctx, &self.shared) {
            ctx.decision = "session-over";
        }
        let (code, problem) = failure::why_failed(error, session);
        if let Some(problem) = problem.filter(|_| session.response_written().is_none()) {
            if code >= 500 {
                ctx.decision = "upstream-failed";
            }
            session.set_keepalive(None);
            let at = ctx.site().map(|site| &site.place.origin);
            let id = ctx.outgoing.request_id.as_ref();
            let named = request_id::named(&session.req_header().headers, id);
            let answer = ctx.live.web.problem(&problem, &named, at);
            // The client may be gone: then there is nobody to tell.
            let _ = send(session, answer, ctx).await;
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Exchange) {
        if let Some(connection) = Connection::of(session.digest()) {
            connection.request_is_over();
        }
        kept::end(session);
        let request = session.req_header();
        let error = error.map(|error| error.etype().as_str());
        let user = ctx.caller.person().map(|(who, _)| who.user_text().as_ref());
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        ctx.live.requests.count(ctx.site, ctx.decision, status);
        self.shared.access_log.write(&Line {
            at: ctx.began,
            client: ctx.client,
            method: request.method.as_str(),
            host: head::named_host(request),
            path: request.uri.path(),
            status,
            bytes: session.body_bytes_sent(),
            took: self.shared.system.now().since(ctx.began),
            decision: ctx.decision,
            user,
            error,
            request_id: ctx.outgoing.request_id.as_ref().and_then(|id| id.to_str().ok()),
        });
    }
}
