use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::views::MessagePage;
use super::super::visit::{Redirect, Visit};
use super::super::{Problem, Web};
use super::State;
use super::request::Request;
use crate::domain::{ReturnTo, StateCookieDigest, TicketDigest};
use crate::events::Event;
use crate::store::{StoreError, Ticket};

/// For a whole login at the issuer. What takes longer asks again.
const LIFE: Duration = Duration::from_mins(10);
/// Each tab that waits for a login has a cookie of its own; this many at once, the oldest go.
const MOST_TABS: usize = 20;
/// How the names of these cookies begin.
const USAGE: &str = "state-";

/// The name of the cookie that has this digest.
fn usage(state: &StateCookieDigest) -> String {
    format!("{USAGE}{}", URL_SAFE_NO_PAD.encode(&state.as_bytes()[..6]))
}

impl Visit {
    /// Whether the browser sent the cookie that has this digest.
    fn has_state(&self, state: &StateCookieDigest) -> bool {
        let value = self.cookies.get(&self.headers, &usage(state));
        value.is_some_and(|value| StateCookieDigest::of(value).matches(state))
    }

    /// Whether the browser sent any such cookie, so that it keeps them.
    fn keeps_cookies(&self) -> bool {
        self.cookies.starting(&self.headers, USAGE).next().is_some()
    }

    /// Deletes those of the oldest tabs, so that there is room for one more. Browsers send the
    /// oldest first (RFC 6265 §5.4).
    fn clear_oldest_states(&self) -> Vec<String> {
        let all: Vec<&str> = self.cookies.starting(&self.headers, USAGE).collect();
        let oldest = &all[..all.len().saturating_sub(MOST_TABS - 1)];
        oldest.iter().map(|usage| self.cookies.clear(usage)).collect()
    }
}

/// Why a ticket lets nobody in.
enum Refusal {
    /// Made up, or handed in before.
    Unknown,
    OtherOrigin,
    Expired(Ticket),
    /// Handed in by another browser than asked for it, or by one that keeps no cookies.
    NoState(Ticket),
    /// The session ended meanwhile.
    Over(Ticket),
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Web {
    /// Sends a browser to the issuer, with a cookie that only this browser can come back with.
    pub(crate) fn ask_issuer(&self, visit: &Visit, path: ReturnTo, lost: bool) -> Redirect {
        let value = URL_SAFE_NO_PAD.encode(self.system.random::<16>());
        let state =
            State { digest: StateCookieDigest::of(&value), until: self.system.now() + LIFE };
        let request = Request { origin: visit.facts.origin.clone(), path, state, lost };
        let sealed = self.requests.seal(&self.system, &request.to_wire());
        let cookie = visit.cookies.set(&usage(&state.digest), &value, Some(LIFE.as_secs()));
        let login = Redirect::to(self.map.issuer().url(&format!("/login?request={sealed}")));
        visit
            .clear_oldest_states()
            .into_iter()
            .fold(login.with(Some(cookie)), |login, gone| login.with(Some(gone)))
    }

    /// Takes the ticket of a visit. It is spent from here on, whatever is found wrong.
    async fn take(&self, visit: &Visit) -> Result<Ticket, Refusal> {
        let text = visit.asked("ticket").unwrap_or_default();
        let ticket = self.tickets.take(TicketDigest::of(text)).await?;
        let ticket = ticket.ok_or(Refusal::Unknown)?;
        if ticket.origin != visit.facts.origin {
            return Err(Refusal::OtherOrigin);
        }
        if self.system.now() >= ticket.expires {
            return Err(Refusal::Expired(ticket));
        }
        Ok(ticket)
    }

    /// Lets the browser of a ticket in on this host: the session cookie to set, `None` when it
    /// has one of this session already.
    async fn admit(&self, visit: &Visit, ticket: &Ticket) -> Result<Option<String>, Refusal> {
        let before = self.signed_in(&visit.headers, &visit.facts).await?;
        // A copy of a tab that has arrived, or the way back to its login: the ticket gives
        // nothing that is not there, and the state cookie went with the first.
        if before.as_ref().is_some_and(|before| before.session() == ticket.session) {
            return Ok(None);
        }
        if !visit.has_state(&ticket.state) {
            return Err(Refusal::NoState(ticket.clone()));
        }
        let host = visit.facts.origin.host();
        let begun = self.sessions.begin_at(ticket.session, host, self.session).await?;
        let (token, who) = begun.ok_or_else(|| Refusal::Over(ticket.clone()))?;
        if let Some(before) = before {
            self.sessions.end(&before).await?;
        }
        let (user, session) = (who.user(), who.session());
        self.events.record(&Event::HandedOver { user, session, host });
        let left = who.expires().since(self.system.now());
        Ok(Some(visit.session_cookie(&token, left.as_secs())))
    }

    /// Goes on to [`arrived`], whose address knows the way back: this one leads nowhere twice.
    async fn refuse_ticket(&self, visit: &Visit, refusal: &Refusal) -> Response {
        let (why, ticket) = match refusal {
            Refusal::Unknown => ("unknown, or used before", None),
            Refusal::OtherOrigin => ("for another origin", None),
            Refusal::Expired(ticket) => ("expired", Some(ticket)),
            Refusal::NoState(ticket) => ("without its state cookie", Some(ticket)),
            Refusal::Over(ticket) => ("of a session that is over", Some(ticket)),
            Refusal::Store(error) => {
                self.store_failed("let in by a ticket", error);
                return self.refuse(visit, &Problem::Unavailable);
            }
        };
        let host = visit.facts.origin.host();
        self.events.record(&Event::TicketRefused { host, why });
        let Some(ticket) = ticket else {
            return self.already_in(visit, &self.begin_again(visit), true).await;
        };
        let late = !matches!(refusal, Refusal::NoState(_)) || visit.keeps_cookies();
        visit.to_own(&arrived_at(&ticket.path, late)).into_response()
    }

    /// Whoever is signed in goes on to a page. Nobody else does: they are told what is wrong.
    async fn already_in(&self, visit: &Visit, there: &str, late: bool) -> Response {
        let host = visit.facts.origin.host().as_str();
        let page = match self.signed_in(&visit.headers, &visit.facts).await {
            Ok(Some(_)) => return Redirect::to(there.to_owned()).into_response(),
            Ok(None) if late => MessagePage::TimedOut { again: there },
            Ok(None) => MessagePage::NoCookie { host, again: there },
            Err(_) => return self.unavailable(visit),
        };
        self.page(visit, StatusCode::BAD_REQUEST, &page)
    }
}

/// Where the issuer sends a browser back to, with a ticket.
pub(crate) async fn callback(Shared(web): Shared<Arc<Web>>, visit: Visit) -> Response {
    let ticket = match web.take(&visit).await {
        Ok(ticket) => ticket,
        Err(refusal) => return web.refuse_ticket(&visit, &refusal).await,
    };
    let session = match web.admit(&visit, &ticket).await {
        Ok(session) => session,
        Err(refusal) => return web.refuse_ticket(&visit, &refusal).await,
    };
    let state = visit.cookies.clear(&usage(&ticket.state));
    let arrived = visit.to_own(&arrived_at(&ticket.path, false));
    arrived.with(session).with(Some(state)).into_response()
}

/// `late`: without a new session, since the login took too long.
fn arrived_at(path: &ReturnTo, late: bool) -> String {
    let path = utf8_percent_encode(path.as_str(), NON_ALPHANUMERIC);
    format!("/arrived?return_to={path}{}", if late { "&late=1" } else { "" })
}

/// The last step, on the way to the site's page: a session cookie that did not come back gets a
/// page that says why, where the site's page would send the browser round and round.
pub(crate) async fn arrived(Shared(web): Shared<Arc<Web>>, visit: Visit) -> Response {
    let path = web.return_path(&visit).unwrap_or_default();
    let there = format!("{}{}", visit.facts.origin, path.as_str());
    web.already_in(&visit, &there, visit.asked("late").is_some()).await
}
