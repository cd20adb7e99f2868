//! Forms that were posted to a site without a session that the page accepts: kept, encrypted, until
//! their user has logged in and sends them.
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode;
use serde::{Deserialize, Serialize};

use super::browser_sessions::BrowserSessions;
use super::redirect::Redirect;
use super::request::PageRequest;
use super::sealer::Sealer;
use super::shell::Shell;
use super::views::{DeadEnd, KeptFormPage, MessagePage};
use crate::domain::{Origin, ReturnTo, TicketDigest, TokenDigest, UserId, sha256};
use crate::events::EventSink;
use crate::gate;
use crate::session::SignedIn;
use crate::store::{KeptForm, StoreError, TicketStore};

/// The path of the page, below [`super::RequestContext::base`].
pub(crate) const PATH: &str = "/form";
/// The longest form that is kept, in bytes.
pub const LONGEST_FORM: usize = 64 * 1024;
/// The longest form as it is sealed: its bytes as JSON, which escapes some, in base64.
const LONGEST_SEALED: usize = 4 * LONGEST_FORM;
/// The most fields of a form that is kept.
const MAX_FIELDS: usize = 1000;
/// How long a form is kept.
const LIFETIME: Duration = Duration::from_mins(10);
/// The parameter that names a form.
const KEPT: &str = "kept";

/// Keeps forms.
pub(crate) struct KeptForms {
    shell: Arc<Shell>,
    sessions: BrowserSessions,
    tickets: Arc<dyn TicketStore<KeptForm>>,
    sealer: Sealer,
    events: Arc<dyn EventSink>,
}

/// Whose a form is that could be kept: of a session that lives, or has ended.
pub struct FormOwner {
    user: UserId,
    /// The name of the ticket. Each session has one on each host: a later form replaces an earlier one.
    ticket: String,
}

/// A form as it is sealed.
#[derive(Serialize, Deserialize)]
struct SealedForm {
    /// Tells it from those that it replaced.
    id: String,
    user: String,
    origin: String,
    /// Path and query.
    target: String,
    /// As `application/x-www-form-urlencoded`.
    body: String,
}

/// `GET /form`: asks whether to send the form that was kept.
pub(crate) async fn show(
    State(forms): State<Arc<KeptForms>>,
    Extension(who): Extension<SignedIn>,
    request: PageRequest,
) -> Response {
    let ticket = match forms.tickets.get(asked(&request).0).await {
        Ok(ticket) => ticket,
        Err(error) => return forms.failed(&request, &error),
    };
    let Some(form) = ticket.and_then(|ticket| forms.open(&ticket, &who, &request)) else {
        return forms.gone(&request);
    };
    let fields: Vec<_> = url::form_urlencoded::parse(form.body.as_bytes()).collect();
    let leave = forms.shell.begin_again(&request);
    let host = request.context.origin.host().as_str();
    let (name, path) = (request.param(KEPT).unwrap_or_default(), form.target.split('?').next());
    let path = path.unwrap_or_default();
    let page = KeptFormPage { name, host, path, fields: &fields, leave: &leave };
    forms.shell.page(&request, StatusCode::OK, &page)
}

/// `POST /form`: sends the form on, once. The body is that of the form, which the browser sends again
/// (RFC 9110 §15.4.8).
pub(crate) async fn submit(
    State(forms): State<Arc<KeptForms>>,
    Extension(who): Extension<SignedIn>,
    request: PageRequest,
) -> Response {
    let (digest, _) = asked(&request);
    let opened = |ticket: Option<KeptForm>| ticket.and_then(|t| forms.open(&t, &who, &request));
    // Nobody else's is spent.
    match forms.tickets.get(digest).await {
        Ok(ticket) if opened(ticket.clone()).is_none() => return forms.gone(&request),
        Ok(_) => {}
        Err(error) => return forms.failed(&request, &error),
    }
    match forms.tickets.take(digest).await.map(opened) {
        Ok(Some(form)) => {
            let to = format!("{}{}", request.context.origin, form.target);
            Redirect::repeating(to).into_response()
        }
        Ok(None) => forms.gone(&request),
        Err(error) => forms.failed(&request, &error),
    }
}

impl KeptForms {
    /// `sealer`: that of kept forms.
    pub(crate) fn new(
        shell: &Arc<Shell>,
        sessions: &BrowserSessions,
        tickets: Arc<dyn TicketStore<KeptForm>>,
        sealer: Sealer,
        events: Arc<dyn EventSink>,
    ) -> Self {
        let sealer = sealer.for_texts_of(LONGEST_SEALED);
        Self { shell: Arc::clone(shell), sessions: sessions.clone(), tickets, sealer, events }
    }

    /// Whose the form of a request is that lacks a session which the page accepts; `None`: it is not
    /// kept, since it is no form of a page of the same origin, or nobody is known by the cookie.
    pub(crate) async fn owner(&self, origin: &Origin, request: &Parts) -> Option<FormOwner> {
        let Parts { method, headers, .. } = request;
        let is_form = *method == Method::POST && is_urlencoded(headers);
        if !is_form
            || !gate::is_navigation(headers)
            || gate::is_foreign(method, headers, origin, &[])
        {
            return None;
        }
        match self.sessions.owner(headers, origin).await {
            Ok(found) => {
                let (user, token) = found?;
                Some(FormOwner { user, ticket: ticket_of(&token) })
            }
            Err(error) => {
                self.events.store_failed("find whose form to keep", &error);
                None
            }
        }
    }

    /// Keeps a form: the page that offers to send it. `None`: it cannot be kept.
    pub(crate) async fn keep(
        &self,
        owner: &FormOwner,
        origin: &Origin,
        target: &str,
        body: &[u8],
    ) -> Option<ReturnTo> {
        if !can_be_repeated(body) {
            return None;
        }
        let id = URL_SAFE_NO_PAD.encode(self.shell.system.random::<16>());
        let form = SealedForm {
            id: id.clone(),
            user: owner.user.to_string(),
            origin: origin.to_string(),
            target: ReturnTo::parse(target)?.as_str().to_owned(),
            body: std::str::from_utf8(body).ok()?.to_owned(),
        };
        let expires = self.shell.system.steady() + LIFETIME;
        let ticket = KeptForm { sealed: self.sealer.seal(&form), expires };
        let digest = TicketDigest::of(&owner.ticket);
        let kept = match self.tickets.take(digest).await {
            Ok(_) => self.tickets.put(digest, ticket).await,
            Err(error) => Err(error),
        };
        kept.inspect_err(|error| self.events.store_failed("keep a form", error)).ok()?;
        let (prefix, ticket) = (self.shell.map.prefix(), &owner.ticket);
        ReturnTo::parse(&format!("{prefix}{PATH}?{KEPT}={ticket}.{id}"))
    }

    fn open(&self, ticket: &KeptForm, who: &SignedIn, request: &PageRequest) -> Option<SealedForm> {
        let form: SealedForm = self.sealer.open(&ticket.sealed)?;
        let is_asked_for = form.id == asked(request).1;
        let is_theirs = form.user == who.user().to_string();
        let is_here = form.origin == request.context.origin.to_string();
        let is_alive = self.shell.system.is_alive(ticket.expires, LIFETIME);
        (is_asked_for && is_theirs && is_here && is_alive).then_some(form)
    }

    fn gone(&self, request: &PageRequest) -> Response {
        let (host, home) = (request.context.origin.host(), self.shell.begin_again(request));
        let page =
            MessagePage::DeadEnd { why: DeadEnd::FormGone, host: host.as_str(), home: &home };
        self.shell.page(request, StatusCode::GONE, &page)
    }

    fn failed(&self, request: &PageRequest, error: &StoreError) -> Response {
        self.events.store_failed("find a kept form", error);
        self.shell.unavailable(request)
    }
}

impl Shell {
    /// Whether `path` is the page that offers to send a kept form.
    pub(super) fn is_kept_form(&self, path: &ReturnTo) -> bool {
        let below = path.as_str().strip_prefix(self.map.prefix());
        below.and_then(|below| below.strip_prefix(PATH)).is_some_and(|rest| rest.starts_with('?'))
    }
}

/// The ticket that a request names, and the form that it must hold.
fn asked(request: &PageRequest) -> (TicketDigest, &str) {
    let name = request.param(KEPT).unwrap_or_default();
    let (ticket, id) = name.split_once('.').unwrap_or((name, ""));
    (TicketDigest::of(ticket), id)
}

/// Says nothing of the token.
fn ticket_of(token: &TokenDigest) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&[b"kept form ".as_slice(), token.as_bytes()].concat()))
}

fn is_urlencoded(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = content_type.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether a form in a page in UTF-8 sends the same again: names and values are text, and no character
/// is one that HTML cannot hold.
fn can_be_repeated(body: &[u8]) -> bool {
    let text = percent_decode(body).decode_utf8();
    text.is_ok_and(|text| !text.contains('\0'))
        && url::form_urlencoded::parse(body).take(MAX_FIELDS + 1).count() <= MAX_FIELDS
}
