//! Where a request goes: malformed ones are refused, our own paths go to `web`, and a site's go where
//! `access` decides.
use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderValue, Response};
use pingora_http::RequestHeader;

use super::decision::DecisionLabel;
use super::destination::{self, DESTINATION};
use super::exchange::Exchange;
use super::head;
use super::snapshot::{ConfigSnapshot, Shared};
use super::upstream_request;
use crate::access::{AccessDecision, AccessOutcome, AccessRequest, RefusalReason, TokenRefusal};
use crate::domain::Origin;
use crate::events::Event;
use crate::gate::{self, Caller, Decision, DenialReason, RouteMatch, Site};
use crate::pages::{Problem, RequestContext};
use crate::web::LoginChallenge;

/// What is done with a request, before anything is written.
pub(super) enum RouteOutcome<'s> {
    Forward,
    Own(RequestContext),
    Answer(Response<Bytes>),
    /// To log in first, at the site of this origin.
    LogIn(&'s Origin, LoginChallenge),
    /// A problem page at this origin; `None`: the host is not ours.
    Problem(Problem, Option<&'s Origin>),
    /// The head is malformed: answered without looking at what it asks for.
    MalformedHead(Problem, Option<&'s Origin>),
}

/// Checks a request's head, finds what its target belongs to, and asks `access` about a site's.
pub(super) async fn route<'s>(
    shared: &Shared,
    snapshot: &'s ConfigSnapshot,
    request: &RequestHeader,
    client: IpAddr,
    ctx: &mut Exchange,
) -> RouteOutcome<'s> {
    ctx.decision = DecisionLabel::BadRequest;
    let malformed = if ctx.head_matches { head::check(request) } else { Some(Problem::BadRequest) };
    let target = head::target(request);
    let at = target.as_ref().ok().and_then(|(host, _)| snapshot.map.origin_of(host));
    if let Some(problem) = malformed {
        return RouteOutcome::MalformedHead(problem, at);
    }
    let Ok((authority, path)) = target else {
        return RouteOutcome::Problem(Problem::BadRequest, None);
    };
    let Ok(readings) = gate::readings_past_dots(path) else {
        return RouteOutcome::Problem(Problem::BadRequest, at);
    };
    match snapshot.map.locate(&authority, &readings) {
        RouteMatch::UnknownHost => {
            ctx.decision = DecisionLabel::UnknownHost;
            RouteOutcome::Problem(Problem::UnknownHost, None)
        }
        RouteMatch::NoSite => {
            ctx.decision = DecisionLabel::NoSite;
            RouteOutcome::Problem(Problem::NotFound, at)
        }
        RouteMatch::Ambiguous => RouteOutcome::Problem(Problem::BadRequest, at),
        RouteMatch::Own(own) => {
            ctx.decision = DecisionLabel::Own;
            ctx.answer_headers.hsts = snapshot.hsts.of_own(own.origin);
            RouteOutcome::Own(RequestContext::new(&own, client))
        }
        RouteMatch::Site { index, site } => {
            ctx.site = Some(index);
            if site.upstreams.is_empty() && !ctx.is_asked_about {
                // Its app is behind another proxy, which asks.
                ctx.decision = DecisionLabel::NoSite;
                return RouteOutcome::Problem(Problem::NotFound, at);
            }
            ctx.answer_headers.hsts = snapshot.hsts.of_site(index);
            if let Some(problem) = upstream_request::check_stripped(site, path) {
                return RouteOutcome::Problem(problem, at);
            }
            if let Some(problem) = certificate_problem(site, ctx) {
                ctx.decision = DecisionLabel::NoCertificate;
                return RouteOutcome::Problem(problem, at);
            }
            let (method, headers) = (&request.method, &request.headers);
            let access =
                AccessRequest { index, site, method, readings: &readings, headers, client };
            let outcome = snapshot.authorizer.authorize(&access).await;
            let is_forwarded = matches!(outcome.decision, AccessDecision::Forward);
            if is_forwarded && headers.contains_key(DESTINATION) {
                let here = (&access, outcome);
                return Box::pin(route_to_destination(shared, snapshot, here, request, ctx)).await;
            }
            apply(outcome, shared, &site.url.origin, request, ctx)
        }
    }
}

/// What is wrong with the connection of a request to a site that asks for client certificates. Browsers
/// use a connection for every name of its certificate (RFC 9113 §9.1.1), also one that asked for none.
fn certificate_problem(site: &Site, ctx: &Exchange) -> Option<Problem> {
    let needed = site.client_roots?;
    match ctx.certificate.filter(|asked| asked.roots == needed) {
        None => Some(Problem::Misdirected),
        Some(asked) => (!asked.is_shown).then_some(Problem::NoCertificate),
    }
}

/// Judges the destination of a request that may pass itself: it is copied or moved there, within the
/// site, by somebody who may use the method there too.
async fn route_to_destination<'s>(
    shared: &Shared,
    snapshot: &'s ConfigSnapshot,
    (access, outcome): (&AccessRequest<'_>, AccessOutcome),
    request: &RequestHeader,
    ctx: &mut Exchange,
) -> RouteOutcome<'s> {
    ctx.decision = DecisionLabel::BadRequest;
    let origin = snapshot.map.origin_of(&access.site.url.origin.authority());
    let refused = RouteOutcome::Problem(Problem::BadRequest, origin);
    let Ok(Some(path)) = destination::path(&request.headers, &access.site.url.origin) else {
        return refused;
    };
    let Ok(readings) = gate::readings_past_dots(path) else { return refused };
    match snapshot.map.locate(&access.site.url.origin.authority(), &readings) {
        RouteMatch::Site { index, site } if index == access.index => {
            if upstream_request::check_stripped(site, path).is_some() {
                return refused;
            }
            let there = AccessRequest { readings: &readings, ..*access };
            let there = snapshot.authorizer.authorize(&there).await;
            // Of two that may pass, the one that knows who calls.
            let both = outcome.private && matches!(there.decision, AccessDecision::Forward);
            let reported = outcome.reported.or(there.reported);
            let chosen = if both { outcome } else { there };
            let outcome = AccessOutcome { reported, ..chosen };
            apply(outcome, shared, &site.url.origin, request, ctx)
        }
        _ => refused,
    }
}

/// Stores what `access` found out, and turns its decision into an answer.
fn apply<'s>(
    outcome: AccessOutcome,
    shared: &Shared,
    origin: &'s Origin,
    request: &RequestHeader,
    ctx: &mut Exchange,
) -> RouteOutcome<'s> {
    let AccessOutcome { decision, reported, caller, cors, private } = outcome;
    (ctx.caller, ctx.answer_headers.cors, ctx.private) = (caller, cors, private);
    ctx.decision = label(&decision);
    if let Some(judged) = reported.filter(|_| ctx.decision == DecisionLabel::Forward) {
        (ctx.decision, ctx.would) = (DecisionLabel::Reported, Some(would_be(judged)));
    }
    match decision {
        AccessDecision::Forward => RouteOutcome::Forward,
        AccessDecision::AnswerPreflight => {
            RouteOutcome::Answer(ctx.snapshot.web.preflight(&request.headers))
        }
        AccessDecision::SignIn => {
            let basic = basic_challenge(request, ctx);
            RouteOutcome::LogIn(origin, LoginChallenge { basic, max_age: None })
        }
        AccessDecision::LogInAgain { max_age } => {
            RouteOutcome::LogIn(origin, LoginChallenge { basic: None, max_age: Some(max_age) })
        }
        AccessDecision::Refuse(reason) => {
            record(&reason, shared, ctx);
            let problem = match reason {
                RefusalReason::InvalidToken(TokenRefusal::Personal(_)) => {
                    Problem::InvalidPersonalToken(basic_challenge(request, ctx))
                }
                reason => problem(&reason, &ctx.caller),
            };
            RouteOutcome::Problem(problem, Some(origin))
        }
    }
}

/// The challenge for a program at a site that takes personal access tokens; `None`: it is a browser, or
/// the site takes none.
fn basic_challenge(request: &RequestHeader, ctx: &Exchange) -> Option<HeaderValue> {
    let site = ctx.site().filter(|site| site.personal_access_tokens)?;
    gate::is_program(&request.method, &request.headers).then(|| gate::basic_challenge(site))
}

const fn label(decision: &AccessDecision) -> DecisionLabel {
    match decision {
        AccessDecision::Forward => DecisionLabel::Forward,
        AccessDecision::AnswerPreflight => DecisionLabel::Preflight,
        AccessDecision::SignIn => DecisionLabel::SignIn,
        AccessDecision::LogInAgain { .. } => DecisionLabel::LogInAgain,
        AccessDecision::Refuse(reason) => match reason {
            RefusalReason::UnlistedPreflight => DecisionLabel::Preflight,
            RefusalReason::ForeignOrigin => DecisionLabel::ForeignOrigin,
            RefusalReason::InvalidToken(_) => DecisionLabel::BadToken,
            RefusalReason::StoreFailed { .. } => DecisionLabel::StoreFailed,
            RefusalReason::BodyTooLarge => DecisionLabel::TooLarge,
            RefusalReason::Denied(_) => DecisionLabel::Refused,
        },
    }
}

/// What a decision of the rules would have been called.
const fn would_be(judged: Decision) -> DecisionLabel {
    match judged {
        Decision::Forward => DecisionLabel::Forward,
        Decision::ForwardIfFresh(_) => DecisionLabel::LogInAgain,
        Decision::SignIn => DecisionLabel::SignIn,
        Decision::Refuse(_) => DecisionLabel::Refused,
    }
}

fn problem(reason: &RefusalReason, caller: &Caller) -> Problem {
    match (reason, caller) {
        (RefusalReason::UnlistedPreflight | RefusalReason::ForeignOrigin, _) => Problem::Foreign,
        (RefusalReason::InvalidToken(_), _) => Problem::InvalidToken,
        (RefusalReason::StoreFailed { .. }, _) => Problem::Unavailable,
        (RefusalReason::BodyTooLarge, _) => Problem::TooLarge,
        (RefusalReason::Denied(DenialReason::NotAllowed), Caller::Session(user, _)) => {
            Problem::Denied { phone: user.phone().clone(), reference: None }
        }
        (RefusalReason::Denied(DenialReason::NotAllowed), Caller::Token(_)) => Problem::TokenDenied,
        (RefusalReason::Denied(_), _) => Problem::Network,
    }
}

/// Logs a refusal that the operator must be able to explain. Names no client: the token only claims
/// to be one's.
fn record(reason: &RefusalReason, shared: &Shared, ctx: &Exchange) {
    match reason {
        RefusalReason::InvalidToken(why) => {
            let at = ctx.site().map(|site| site.name.as_str()).unwrap_or_default();
            let request_id = ctx.answer_headers.request_id.as_ref();
            let id = request_id.and_then(|id| id.to_str().ok()).unwrap_or_default();
            let (error, why) = ("invalid_token", &why.to_string());
            let (client, named, differs) = (None, None, None);
            let refused = Event::ClientRefused { client, at, error, why, named, differs };
            tracing::info_span!("request", request_id = id)
                .in_scope(|| shared.events.record(&refused));
        }
        RefusalReason::StoreFailed { doing, error } => {
            shared.events.store_failed(doing, error);
        }
        _ => {}
    }
}
