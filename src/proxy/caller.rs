//! Who makes a request that goes on to a site, as far as it proves that.
use http::request::Parts;

use super::bearer::{Presented, Refused};
use super::exchange::Exchange;
use super::live::Shared;
use crate::domain::{AccessTokenDigest, Origin};
use crate::events::Event;
use crate::gate::{Caller, Cookies};
use crate::pages::Problem;
use crate::session::SessionToken;
use crate::store::StoreError;

/// Why it is not known who calls, and nothing is let through.
pub(super) enum Unknown {
    /// A token that opens nothing. What else the request holds is not looked at.
    Token,
    /// A store does not answer.
    Store,
}

impl Unknown {
    pub(super) const fn decision(&self) -> &'static str {
        match self {
            Self::Token => "bad-token",
            Self::Store => "store-failed",
        }
    }

    pub(super) const fn problem(&self) -> Problem {
        match self {
            Self::Token => Problem::InvalidToken,
            Self::Store => Problem::Unavailable,
        }
    }
}

/// By an access token of ours, else by the session cookie.
pub(super) async fn caller(
    shared: &Shared,
    request: &Parts,
    origin: &Origin,
    ctx: &Exchange,
) -> Result<Caller, Unknown> {
    match shared.bearers.presented(&request.headers, ctx.live.map.issuer()) {
        Presented::Nothing => by_cookie(shared, request, origin, ctx).await,
        Presented::Excess => {
            tell_refused(
                shared,
                ctx,
                "Authorization is there twice, or longer than any token of ours",
            );
            Err(Unknown::Token)
        }
        // Seldom, and long: not a part of what each request has room for.
        Presented::Token(text, digest) => Box::pin(by_token(shared, (text, digest), ctx)).await,
    }
}

async fn by_token(
    shared: &Shared,
    token: (&str, AccessTokenDigest),
    ctx: &Exchange,
) -> Result<Caller, Unknown> {
    let site = ctx.site.ok_or(Unknown::Token)?;
    let holder = shared.bearers.holder(token, site, &ctx.live, shared).await;
    holder.map(Caller::Token).map_err(|why| match why {
        Refused::Store(error) => failed(shared, "check a token", &error),
        why => {
            tell_refused(shared, ctx, &why.to_string());
            Unknown::Token
        }
    })
}

/// `why` holds nothing of the token, and so neither its client, which it may only claim.
fn tell_refused(shared: &Shared, ctx: &Exchange, why: &str) {
    let at = ctx.site().map(|site| site.name.as_str()).unwrap_or_default();
    let id = ctx.outgoing.request_id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
    let error = "invalid_token";
    tracing::info_span!("request", id).in_scope(|| {
        shared.events.record(&Event::ClientRefused { client: None, at, error, why, named: None });
    });
}

/// Who holds the request's session cookie. No I/O for a session that this process knows.
async fn by_cookie(
    shared: &Shared,
    request: &Parts,
    origin: &Origin,
    ctx: &Exchange,
) -> Result<Caller, Unknown> {
    let cookie = Cookies::for_origin(origin).get(&request.headers, "");
    let Some(token) = cookie.and_then(SessionToken::parse) else { return Ok(Caller::Nobody) };
    let checked = shared.sessions.check(&token, origin.host(), ctx.live.session).await;
    let checked = checked.map_err(|error| failed(shared, "check a session", &error))?;
    Ok(checked.map_or(Caller::Nobody, |who| {
        let roles = ctx.live.directory.roles(who.phone(), &who.stored_roles());
        Caller::Session(who, roles)
    }))
}

fn failed(shared: &Shared, doing: &'static str, error: &StoreError) -> Unknown {
    shared.events.record(&Event::StoreFailed { doing, reason: &error.to_string() });
    Unknown::Store
}
