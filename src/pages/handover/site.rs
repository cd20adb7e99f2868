use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;

use super::request::HandoverRequest;
use super::service::Handover;
use crate::domain::{ReturnTo, StateCookieDigest, TicketDigest};
use crate::events::Event;
use crate::gate::Cookies;
use crate::pages::flow::HandoverState;
use crate::pages::redirect::Redirect;
use crate::pages::request::PageRequest;
use crate::pages::views::{Lost, MessagePage};
use crate::store::{HandoverTicket, StoreError};
use crate::system::Timestamp;

/// How long a hand-over may take: a whole login at the issuer. A longer one starts again.
pub(super) const STATE_LIFETIME: Duration = Duration::from_mins(10);
/// Each tab that waits for a login has a state cookie of its own; beyond this many, the oldest
/// are deleted.
const MAX_STATES: usize = 20;
/// How the names of these cookies begin.
const STATE: &str = "state-";

/// The name of the cookie that has this digest.
fn state_cookie(state: &StateCookieDigest) -> String {
    format!("{STATE}{}", URL_SAFE_NO_PAD.encode(&state.as_bytes()[..6]))
}

impl PageRequest {
    /// Whether the browser sent the state cookie that has this digest.
    fn has_state(&self, state: &StateCookieDigest) -> bool {
        self.is_state_in(state, self.cookies)
    }

    fn is_state_in(&self, state: &StateCookieDigest, cookies: Cookies) -> bool {
        let value = cookies.get(&self.headers, &state_cookie(state));
        value.is_some_and(|value| StateCookieDigest::of(value).matches(state))
    }

    /// The same request with the cookies among which this state is: those of the frame, or the usual
    /// ones, that the hand-over began with.
    fn with_cookies_of(self, state: &StateCookieDigest) -> Self {
        let found = self.session_cookies().find(|cookies| self.is_state_in(state, *cookies));
        Self { cookies: found.unwrap_or(self.cookies), ..self }
    }

    /// Whether the browser sent any state cookie, so that it stores cookies.
    fn has_any_state(&self) -> bool {
        let sent = |cookies: Cookies| cookies.usages_with_prefix(&self.headers, STATE).next();
        self.session_cookies().any(|cookies| sent(cookies).is_some())
    }

    /// Cookies that delete the oldest states, to make room for one more. Browsers send the
    /// oldest first (RFC 6265 §5.4).
    fn clear_oldest_states(&self) -> Vec<String> {
        let all: Vec<&str> = self.cookies.usages_with_prefix(&self.headers, STATE).collect();
        let oldest = &all[..all.len().saturating_sub(MAX_STATES - 1)];
        oldest.iter().map(|name| self.cookies.clear(name)).collect()
    }
}

/// Why a ticket is refused.
enum TicketRefusal {
    /// Made up, or redeemed before.
    Unknown,
    OtherOrigin,
    Expired(HandoverTicket),
    /// Brought by another browser than the one that asked for it, or by one that stores no
    /// cookies.
    NoState(HandoverTicket),
    /// The session has ended since.
    SessionOver(HandoverTicket),
    Store(StoreError),
}

impl From<StoreError> for TicketRefusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// `GET /callback`: where the issuer sends a browser back to, with a ticket.
pub(crate) async fn callback(
    State(handover): State<Arc<Handover>>,
    request: PageRequest,
) -> Response {
    let request = request.at_site(&handover.shell);
    let mut ticket = match handover.take(&request).await {
        Ok(ticket) => ticket,
        Err(refusal) => return handover.refuse_ticket(&request, &refusal).await,
    };
    let mut request = request.with_cookies_of(&ticket.state);
    let session = match handover.admit(&request, &ticket).await {
        Ok(session) => session,
        Err(refusal) => return handover.refuse_ticket(&request, &refusal).await,
    };
    let state = request.cookies.clear(&state_cookie(&ticket.state));
    let language = request.bring_language(ticket.language.take());
    let arrived = request.to_own(&arrived_path(&ticket.path, false));
    arrived.with(session).with(Some(state)).with(language).into_response()
}

/// `GET /arrived`: the last step on the way to the site's page. A session cookie that did not
/// come back gets a page that says why; the site's page would redirect without end.
pub(crate) async fn arrived(
    State(handover): State<Arc<Handover>>,
    request: PageRequest,
) -> Response {
    let request = request.at_site(&handover.shell);
    let path = handover.shell.return_path(&request).unwrap_or_default();
    let page = format!("{}{}", request.context.origin, path.as_str());
    handover.to_page_if_signed_in(&request, &page, request.param("late").is_some()).await
}

/// `late`: without a new session, since the login took too long.
fn arrived_path(path: &ReturnTo, late: bool) -> String {
    let path = path.encoded();
    format!("/arrived?return_to={path}{}", if late { "&late=1" } else { "" })
}

impl Handover {
    /// Sends a browser to the issuer, with a cookie that only this browser can come back with.
    pub(in crate::pages) fn ask_issuer(
        &self,
        request: &PageRequest,
        path: ReturnTo,
        (lost, since): (Option<Lost>, Option<Timestamp>),
    ) -> Redirect {
        let system = &self.shell.system;
        let value = URL_SAFE_NO_PAD.encode(system.random::<16>());
        let until = system.steady() + STATE_LIFETIME;
        let state = HandoverState { digest: StateCookieDigest::of(&value), until };
        let origin = request.context.origin.clone();
        let language = request.chosen_language().map(str::to_owned);
        let asked = HandoverRequest { origin, path, state, lost, since, language };
        let sealed = self.requests.seal(&asked.to_sealed());
        let name = state_cookie(&state.digest);
        let cookie = request.cookies.set(&name, &value, Some(STATE_LIFETIME.as_secs()));
        let login = self.shell.map.issuer().url(&format!("/login?request={sealed}"));
        let mut redirect = Redirect::to(login).with(Some(cookie));
        for cleared in request.clear_oldest_states() {
            redirect = redirect.with(Some(cleared));
        }
        redirect
    }

    /// Redeems the ticket of a request. It is spent from here on, whatever is found wrong.
    async fn take(&self, request: &PageRequest) -> Result<HandoverTicket, TicketRefusal> {
        let text = request.param("ticket").unwrap_or_default();
        let ticket = self.tickets.take(TicketDigest::of(text)).await?;
        let ticket = ticket.ok_or(TicketRefusal::Unknown)?;
        if ticket.origin != request.context.origin {
            return Err(TicketRefusal::OtherOrigin);
        }
        if self.shell.system.steady() >= ticket.expires {
            return Err(TicketRefusal::Expired(ticket));
        }
        Ok(ticket)
    }

    /// Signs the browser of a ticket in on this host: the session cookie to set, `None` when it
    /// has one of this session already.
    async fn admit(
        &self,
        request: &PageRequest,
        ticket: &HandoverTicket,
    ) -> Result<Option<String>, TicketRefusal> {
        let former = self.sessions.of(request).await?;
        // A copy of a tab that has arrived, or the way back to its login: the ticket gives
        // nothing that is not there, and the state cookie went with the first.
        if former.as_ref().is_some_and(|former| former.session() == ticket.session) {
            return Ok(None);
        }
        if !request.has_state(&ticket.state) {
            return Err(TicketRefusal::NoState(ticket.clone()));
        }
        let host = request.context.origin.host();
        let begun = self.sessions.begin_at(ticket.session, host).await?;
        let (token, who) = begun.ok_or_else(|| TicketRefusal::SessionOver(ticket.clone()))?;
        if let Some(former) = former {
            self.sessions.end(&former).await?;
        }
        let (user, session) = (who.user(), who.session());
        self.events.record(&Event::HandedOver { user, session, host });
        let left = who.expires().since(self.shell.system.now());
        Ok(Some(request.session_cookie(&token, left.as_secs())))
    }

    /// Redirects to [`arrived`], whose address holds the way back: that of the callback is spent.
    async fn refuse_ticket(&self, request: &PageRequest, refusal: &TicketRefusal) -> Response {
        let (why, ticket) = match refusal {
            TicketRefusal::Unknown => ("unknown, or used before", None),
            TicketRefusal::OtherOrigin => ("for another origin", None),
            TicketRefusal::Expired(ticket) => ("expired", Some(ticket)),
            TicketRefusal::NoState(ticket) => ("without its state cookie", Some(ticket)),
            TicketRefusal::SessionOver(ticket) => ("of a session that is over", Some(ticket)),
            TicketRefusal::Store(error) => {
                self.store_failed("let in by a ticket", error);
                return self.shell.unavailable(request);
            }
        };
        let host = request.context.origin.host();
        self.events.record(&Event::TicketRefused { host, why });
        let Some(ticket) = ticket else {
            let again = self.shell.begin_again(request);
            return self.to_page_if_signed_in(request, &again, true).await;
        };
        let late = !matches!(refusal, TicketRefusal::NoState(_)) || request.has_any_state();
        request.to_own(&arrived_path(&ticket.path, late)).into_response()
    }

    /// Redirects to `page` if the browser is signed in, else says why it is not.
    async fn to_page_if_signed_in(
        &self,
        request: &PageRequest,
        page: &str,
        late: bool,
    ) -> Response {
        let host = request.context.origin.host().as_str();
        let message = match self.sessions.of(request).await {
            Ok(Some(_)) => return Redirect::to(page.to_owned()).into_response(),
            Ok(None) if late => MessagePage::TimedOut { again: page },
            Ok(None) => MessagePage::NoCookie { host, again: page },
            Err(_) => return self.shell.unavailable(request),
        };
        self.shell.page(request, StatusCode::BAD_REQUEST, &message)
    }
}
