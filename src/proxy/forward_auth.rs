//! Forward authentication: judges the requests that another proxy asks about, as if they had come here,
//! and answers in the form that it expects.
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    SEC_WEBSOCKET_KEY, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use pingora_http::RequestHeader;

use super::decision::DecisionLabel;
use super::exchange::Exchange;
use super::head;
use super::headers;
use super::request_id;
use super::routing::{self, RouteOutcome};
use super::snapshot::{ConfigSnapshot, Shared};
use crate::domain::Peer;
use crate::events::Event;
use crate::gate::{self, ForwardAuthMode, ForwardedRequest};
use crate::pages::{FailedRequest, Problem};

/// What belongs to the question, or to its connection, and not to the request that is asked about.
const OF_THE_QUESTION: [HeaderName; 6] =
    [HOST, CONNECTION, UPGRADE, TE, TRANSFER_ENCODING, CONTENT_LENGTH];

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Why a question is refused.
#[derive(Debug, thiserror::Error)]
enum NotAsked {
    #[error(
        "forward_auth.from does not list its address, and it did not send the forward_auth.secret"
    )]
    Stranger,
    #[error("{0}")]
    Odd(AnyError),
}

impl NotAsked {
    const fn problem(&self) -> Problem {
        match self {
            Self::Stranger => Problem::Network,
            Self::Odd(_) => Problem::BadRequest,
        }
    }
}

/// A question of another proxy.
pub(super) struct Question<'q> {
    mode: ForwardAuthMode,
    /// The target of the request that is asked about, if it follows ours.
    target: &'q str,
    request: &'q RequestHeader,
    peer: Peer,
}

impl<'q> Question<'q> {
    /// `None`: the request asks nothing, or nobody may ask.
    pub(super) fn of(
        request: &'q RequestHeader,
        peer: Peer,
        snapshot: &ConfigSnapshot,
    ) -> Option<Self> {
        if !snapshot.forward_auth.is_on() {
            return None;
        }
        let own = std::str::from_utf8(request.raw_path()).ok()?;
        let (mode, target) = ForwardAuthMode::of(own, snapshot.map.prefix())?;
        Some(Self { mode, target, request, peer })
    }

    /// The answer. Whoever may not ask is told nothing about the sites.
    pub(super) async fn answer(
        &self,
        shared: &Shared,
        snapshot: &ConfigSnapshot,
        client: IpAddr,
        ctx: &mut Exchange,
    ) -> Response<Bytes> {
        ctx.decision = DecisionLabel::BadRequest;
        ctx.is_asked_about = true;
        let answer = match self.asked(snapshot) {
            Ok(asked) => {
                let outcome = routing::route(shared, snapshot, &asked, client, ctx).await;
                self.answer_to(outcome, &asked, (shared, ctx))
            }
            Err(why) => {
                self.tell(shared, &why.to_string());
                self.problem(&why.problem(), (None, ""), ctx)
            }
        };
        self.in_form(answer)
    }

    /// The request that is asked about.
    fn asked(&self, snapshot: &ConfigSnapshot) -> Result<RequestHeader, NotAsked> {
        if !snapshot.forward_auth.believes(self.peer, &self.request.headers) {
            return Err(NotAsked::Stranger);
        }
        self.described(snapshot).map_err(NotAsked::Odd)
    }

    fn described(&self, snapshot: &ConfigSnapshot) -> Result<RequestHeader, AnyError> {
        let headers = &self.request.headers;
        let forwarded = if self.mode == ForwardAuthMode::ExtAuthz {
            let host = HeaderValue::from_str(&gate::authority(self.request)?)?;
            ForwardedRequest::of_ext_authz((&self.request.method, &host, self.target), headers)?
        } else {
            ForwardedRequest::read(headers)?
        };
        let ForwardedRequest { method, scheme, host, target } = forwarded;
        let mut asked = RequestHeader::build(method, target.as_bytes(), Some(headers.len()))?;
        for (name, value) in headers.iter().filter(|(name, _)| !OF_THE_QUESTION.contains(name)) {
            asked.append_header(name.clone(), value.clone())?;
        }
        asked.insert_header(HOST, host)?;
        let at = snapshot.map.origin_of(&gate::authority(&asked)?);
        if let Some(at) = at.filter(|at| at.scheme() != scheme) {
            return Err(format!("X-Forwarded-Proto is {scheme}, but the site is at {at}").into());
        }
        // Proxies do not pass on the hop-by-hop headers that make a handshake (RFC 6455 §4.1).
        if headers.contains_key(SEC_WEBSOCKET_KEY) {
            asked.insert_header(UPGRADE, "websocket")?;
            asked.insert_header(CONNECTION, "upgrade")?;
        }
        Ok(asked)
    }

    /// The answer for the client, or 200 with what the app is told.
    fn answer_to(
        &self,
        outcome: RouteOutcome<'_>,
        asked: &RequestHeader,
        (shared, ctx): (&Shared, &mut Exchange),
    ) -> Response<Bytes> {
        let here = head::repeatable(asked);
        let outcome = match outcome {
            RouteOutcome::Forward => match self.pass(asked, shared, ctx) {
                Ok(pass) => return pass,
                Err(problem) => {
                    ctx.decision = DecisionLabel::BadRequest;
                    RouteOutcome::Problem(problem, ctx.site().map(|site| &site.url.origin))
                }
            },
            outcome => outcome,
        };
        match outcome {
            RouteOutcome::Answer(answer) => answer,
            // The body of a form is with the proxy: it cannot be kept.
            RouteOutcome::LogIn(at, challenge) => ctx.snapshot.web.challenge(at, asked, challenge),
            RouteOutcome::Problem(problem, at) | RouteOutcome::MalformedHead(problem, at) => {
                self.problem(&problem, (at, here), ctx)
            }
            // Our own pages come here themselves, and no app has them.
            RouteOutcome::Own(_) | RouteOutcome::Forward => {
                self.problem(&Problem::NotFound, (None, ""), ctx)
            }
        }
    }

    /// 200, with the headers that replace those of the request: the identity headers of the site's app,
    /// `Cookie` without ours, and `Authorization` without a personal access token.
    fn pass(
        &self,
        asked: &RequestHeader,
        shared: &Shared,
        ctx: &Exchange,
    ) -> Result<Response<Bytes>, Problem> {
        let (index, site) = ctx.site.zip(ctx.site()).ok_or(Problem::Internal)?;
        let reserved = ctx.snapshot.map.reserved();
        let reaches_app = |name: &str| {
            reserved.contains(name) && !gate::is_written_by_proxies(name)
                || site.has_method_rules() && gate::is_method_override(name)
        };
        if let Some(name) = asked.headers.keys().find(|name| reaches_app(name.as_str())) {
            self.tell(shared, &format!("it has `{name}`, which only Doorcode may write"));
            return Err(Problem::BadRequest);
        }
        let mut answer = Response::new(Bytes::new());
        let written = answer.headers_mut();
        let authorizer = &ctx.snapshot.authorizer;
        authorizer.write_identity(index, &ctx.caller, written).map_err(|error| {
            tracing::error!(%error, "cannot write the identity headers");
            Problem::Internal
        })?;
        // Also what is not known of the caller: some proxies keep the request's own header, or make one
        // up, where the answer has none.
        for name in site.identity.names() {
            if !written.contains_key(name) {
                written.insert(name.clone(), HeaderValue::from_static(""));
            }
        }
        written.insert(COOKIE, cookies_of_app(&asked.headers));
        written.insert(AUTHORIZATION, authorization_of_app(&asked.headers));
        written.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.mode == ForwardAuthMode::Answer {
            return Ok(again(asked));
        }
        Ok(answer)
    }

    fn tell(&self, shared: &Shared, why: &str) {
        shared.events.record(&Event::QuestionRefused { peer: self.peer, why });
    }

    fn problem(
        &self,
        problem: &Problem,
        (at, here): (Option<&crate::domain::Origin>, &str),
        ctx: &Exchange,
    ) -> Response<Bytes> {
        let id = ctx.answer_headers.request_id.as_ref();
        let headers = &request_id::with_id(&self.request.headers, id);
        ctx.snapshot.web.problem(problem, &FailedRequest { here, headers, at })
    }

    /// The answer in the form that the proxy expects.
    fn in_form(&self, answer: Response<Bytes>) -> Response<Bytes> {
        let status = match (self.mode, answer.status()) {
            (_, StatusCode::OK) | (ForwardAuthMode::Answer, _) => return answer,
            // 2xx would let the request pass: a preflight that is answered here.
            (ForwardAuthMode::Relay | ForwardAuthMode::ExtAuthz, status) => {
                if status.is_success() {
                    StatusCode::FORBIDDEN
                } else {
                    return answer;
                }
            }
            (ForwardAuthMode::Verdict, StatusCode::UNAUTHORIZED | StatusCode::SEE_OTHER) => {
                StatusCode::UNAUTHORIZED
            }
            (ForwardAuthMode::Verdict, _) => StatusCode::FORBIDDEN,
        };
        let mut verdict = answer;
        *verdict.status_mut() = status;
        *verdict.body_mut() = Bytes::new();
        for name in [LOCATION, CONTENT_TYPE] {
            verdict.headers_mut().remove(name);
        }
        verdict
    }
}

/// The request may pass by now: the client is sent there once more.
fn again(asked: &RequestHeader) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    let to = HeaderValue::from_bytes(asked.raw_path());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    if let Some(to) = to.ok().filter(|_| matches!(asked.method, Method::GET | Method::HEAD)) {
        *answer.status_mut() = StatusCode::SEE_OTHER;
        answer.headers_mut().insert(LOCATION, to);
    }
    answer
}

/// The cookies that the app may see; empty: none.
fn cookies_of_app(headers: &HeaderMap) -> HeaderValue {
    let mut cookies = HeaderMap::new();
    for line in headers.get_all(COOKIE) {
        cookies.append(COOKIE, line.clone());
    }
    headers::strip_cookies(&mut cookies);
    let lines: Vec<&[u8]> = cookies.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    // Parts of header values, with what may stand in one between them.
    HeaderValue::from_bytes(&lines.join(&b"; "[..])).unwrap_or(HeaderValue::from_static(""))
}

/// What the app may see of `Authorization`; empty: nothing.
fn authorization_of_app(headers: &HeaderMap) -> HeaderValue {
    let mut own = HeaderMap::new();
    for value in headers.get_all(AUTHORIZATION) {
        own.append(AUTHORIZATION, value.clone());
    }
    gate::strip_personal_token(&mut own);
    own.remove(AUTHORIZATION).unwrap_or(HeaderValue::from_static(""))
}
