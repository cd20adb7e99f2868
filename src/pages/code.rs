use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::again::again;
use super::flow::{Flow, FlowError, FlowMessage};
use super::login_pages::LoginPages;
use super::outcome::{self, StepRefusal};
use super::problem::Problem;
use super::redirect::with_cookie;
use super::refused::whole_seconds;
use super::request::PageRequest;
use super::views::{CodeChannels, CodeNotice, CodePage, News, Sending, UnsentPage};
use crate::domain::{PhoneNumber, RequesterDigest, TextChannel};
use crate::login::{LoginGrant, Requester, Started, Verified};
use crate::store::{Attempt, SendOutcome, SendRefusal, StoreError};

/// How long the page waits for the provider's answer, so as to say what became of the text.
const OUTCOME_WAIT: Duration = Duration::from_secs(2);

/// The flash messages after the code was asked for again.
pub(super) const RESENT: &str = "resent";
pub(super) const NOT_YET: &str = "not-yet";

/// What the code page shows of a number that was texted.
pub(crate) struct SentCode {
    phone: PhoneNumber,
    attempt: Attempt,
    /// Until another text may be asked for.
    wait: Duration,
}

/// Why a flow is not at the code yet.
pub(super) enum NotReady {
    Flow(FlowError),
    /// No number was texted.
    NoNumber(Box<Flow>),
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    code: String,
    /// The way that a code is asked for by.
    #[serde(default)]
    channel: String,
}

/// `GET /code`: the form for the code.
pub(crate) async fn show(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let request = pages.in_flow_of_query(request);
    let (flow, phone) = match pages.at_number(&request).await {
        Ok(found) => found,
        Err(elsewhere) => return *elsewhere,
    };
    let requester = pages.requester(&request, flow.browser, &phone);
    match pages.sent_code(&requester, phone).await {
        Ok(Some(sent)) => pages.code_page(&request, &flow, &sent),
        Ok(None) => pages.to_number_page(&request, flow, FlowMessage::CodeExpired),
        Err(_) => pages.unavailable_at(&request, &flow),
    }
}

/// `POST /code`: judges the code that was typed; a right one signs the browser in.
pub(crate) async fn submit(
    State(pages): State<Arc<LoginPages>>,
    request: PageRequest,
    form: Result<Form<CodeForm>, FormRejection>,
) -> Response {
    let request = pages.in_flow_of_form(request, &form);
    let (form, flow, phone) = match pages.read_code_form(&request, form) {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let requester = pages.requester(&request, flow.browser, &phone);
    // Read before the code is spent: a failure after that would lock the user out.
    let Ok(former) = pages.sessions.of(&request).await else {
        return pages.unavailable_form(&request, flow);
    };
    let browser = request.browser_for_session(former.map(|former| former.session()));
    let grant = LoginGrant::Browser(&browser);
    let checked = pages.login.verify(&requester, &phone, &form.code, grant).await;
    match outcome::of_code(checked.verdict) {
        Ok(verified) => pages.signed_in(&request, flow, &phone, &verified),
        Err(refusal) => pages.refused(&request, flow, &refusal),
    }
}

/// `POST /resend`: asks for the code once more.
pub(crate) async fn resend(
    State(pages): State<Arc<LoginPages>>,
    request: PageRequest,
    form: Result<Form<CodeForm>, FormRejection>,
) -> Response {
    let request = pages.in_flow_of_form(request, &form);
    let (form, flow, phone) = match pages.read_code_form(&request, form) {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let wanted = TextChannel::parse(&form.channel);
    let started = pages.start(&request, &flow, &phone, (None, wanted)).await;
    let flow = flow.of_start(&started);
    match outcome::of_start(started) {
        Ok(Started::CoolingDown(_)) => pages.resent(&request, flow, NOT_YET),
        Ok(Started::Queued(_)) => pages.resent(&request, flow, RESENT),
        // The configuration changed between two texts.
        Err(StepRefusal::Number(_)) => {
            pages.to_number_page(&request, flow, FlowMessage::CountryNotServed)
        }
        Err(StepRefusal::Challenged(asked)) => {
            pages.to_challenge(&request, &flow, &asked, Some(again(wanted)))
        }
        Err(refusal) => pages.refused(&request, flow, &refusal),
    }
}

impl LoginPages {
    fn in_flow_of_form(
        &self,
        request: PageRequest,
        form: &Result<Form<CodeForm>, FormRejection>,
    ) -> PageRequest {
        match form {
            Ok(Form(form)) => self.in_flow(request, &form.flow),
            Err(_) => request,
        }
    }

    /// A form of the code page, its flow and number, or what is answered to it.
    fn read_code_form(
        &self,
        request: &PageRequest,
        form: Result<Form<CodeForm>, FormRejection>,
    ) -> Result<(CodeForm, Flow, PhoneNumber), Box<Response>> {
        let Ok(Form(form)) = form else {
            return Err(Box::new(self.shell.refuse_form(request, &Problem::BadRequest)));
        };
        match self.flow_with_number(request, &form.flow) {
            Ok((flow, phone)) => Ok((form, flow, phone)),
            Err(NotReady::Flow(error)) => {
                Err(Box::new(self.flow_error_of_form(request, &form.flow, &error)))
            }
            Err(NotReady::NoNumber(flow)) => {
                Err(Box::new(self.to_number_page(request, *flow, FlowMessage::TimedOut)))
            }
        }
    }

    /// The flow of a page that is shown after a number was given, and the number; else the answer that leads
    /// to where the person is.
    pub(super) async fn at_number(
        &self,
        request: &PageRequest,
    ) -> Result<(Flow, PhoneNumber), Box<Response>> {
        let sealed = request.param("flow").unwrap_or_default();
        let (flow, phone) = match self.flow_with_number(request, sealed) {
            Ok(found) => found,
            Err(NotReady::Flow(error)) => return Err(Box::new(self.flow_error(request, &error))),
            Err(NotReady::NoNumber(flow)) => {
                return Err(Box::new(self.to_number_page(request, *flow, FlowMessage::TimedOut)));
            }
        };
        match self.sessions.of(request).await {
            Ok(Some(who)) if flow.is_met_by(who.began(), self.shell.system.now()) => {
                Err(Box::new(request.to_done(&self.seal(&flow)).into_response()))
            }
            Ok(_) => Ok((flow, phone)),
            Err(_) => Err(Box::new(self.unavailable_at(request, &flow))),
        }
    }

    /// The flow of a request, and the number that was texted.
    pub(super) fn flow_with_number(
        &self,
        request: &PageRequest,
        sealed: &str,
    ) -> Result<(Flow, PhoneNumber), NotReady> {
        let flow = self.flow(request, sealed).map_err(NotReady::Flow)?;
        match flow.phone.clone() {
            Some(phone) => Ok((flow, phone)),
            None => Err(NotReady::NoNumber(Box::new(flow))),
        }
    }

    /// Redirects to the form for the code.
    pub(super) fn to_code_page(&self, request: &PageRequest, flow: &Flow) -> Response {
        request.to_own(&format!("/code?flow={}", self.seal(flow))).into_response()
    }

    /// The same after the code was asked for again, with a flash message.
    pub(super) fn resent(&self, request: &PageRequest, flow: Flow, flash: &str) -> Response {
        let sealed = self.seal(&Flow { say: None, ..flow });
        let page = request.to_own(&format!("/code?flow={sealed}"));
        page.with(Some(request.set_flash(flash))).into_response()
    }

    /// What the code page shows of a number that was texted, once the provider has answered or
    /// [`OUTCOME_WAIT`] is over; `None`: its code does not work any more.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn sent_code(
        &self,
        requester: &Requester,
        phone: PhoneNumber,
    ) -> Result<Option<SentCode>, StoreError> {
        let attempt = self.login.attempt_with_outcome(requester, &phone, OUTCOME_WAIT).await?;
        let Some(attempt) = attempt.filter(|attempt| self.login.is_alive(attempt)) else {
            return Ok(None);
        };
        let wait = self.login.resend_wait(requester, &phone).await?;
        Ok(Some(SentCode { phone, attempt, wait }))
    }

    /// The form for a code, without problem or notice.
    pub(crate) fn code_form<'a>(&'a self, sent: &'a SentCode, flow: &'a str) -> CodePage<'a> {
        let SentCode { phone, attempt, wait } = sent;
        let sending = sending(attempt.outcome, self.login.settings().sign_up);
        // A script asks in the name of the flow, and a failure is told by the page itself.
        let news = self.news(attempt).filter(|_| sending.failure().is_none());
        let news = news.map(|news| News { more: news.more && !flow.is_empty(), ..news });
        let now = self.shell.system.steady();
        CodePage {
            flow,
            phone,
            digits: attempt.length.get(),
            minutes: whole_seconds(attempt.expires.since(now)).div_ceil(60),
            resend_after: whole_seconds(*wait),
            sending,
            problem: None,
            notice: None,
            news,
            channels: self.channels(sent),
            reference: attempt.id.into(),
        }
    }

    /// The way of the latest message, and the one that is offered beside it.
    fn channels(&self, sent: &SentCode) -> CodeChannels {
        let taken = sent.attempt.channel;
        CodeChannels { taken, next: self.login.settings().channels.after(&sent.phone, taken) }
    }

    fn code_page(&self, request: &PageRequest, flow: &Flow, sent: &SentCode) -> Response {
        let sealed = self.seal(&Flow { say: None, ..flow.clone() });
        let (resent, not_yet) = (request.take_flash(RESENT), request.take_flash(NOT_YET));
        let problem = flow.say.and_then(FlowMessage::on_code_form);
        if let Some(page) = self.unsent(sent, &sealed).filter(|_| problem.is_none()) {
            let page = UnsentPage { early: not_yet.is_some() && page.retry_after > 0, ..page };
            let response = self.shell.page(request, status_of(Some(page.why)), &page);
            return with_cookie(response, resent.or(not_yet));
        }
        let form = self.code_form(sent, &sealed);
        let notice = match (&resent, &not_yet) {
            (Some(_), _) => Some(CodeNotice::Resent),
            // The wait may have ended just now.
            (None, Some(_)) => Some(CodeNotice::NotYet { seconds: form.resend_after.max(1) }),
            (None, None) => None,
        };
        let page = CodePage { problem, notice, ..form };
        let status = status_of(page.sending.failure());
        with_cookie(self.shell.page(request, status, &page), resent.or(not_yet))
    }

    /// The page that stands in place of the form for a code when none can have been sent.
    pub(crate) fn unsent<'a>(
        &'a self,
        sent: &'a SentCode,
        flow: &'a str,
    ) -> Option<UnsentPage<'a>> {
        let settings = self.login.settings();
        let why = sending(sent.attempt.outcome, settings.sign_up).failure()?;
        (!sent.attempt.earlier_sent).then(|| UnsentPage {
            flow,
            phone: &sent.phone,
            why,
            texts_from: settings.start_number(sent.attempt.text.provider.as_deref()),
            retry_after: whole_seconds(sent.wait),
            early: false,
            channels: self.channels(sent),
            reference: sent.attempt.id.into(),
        })
    }

    /// Gives the browser its session and the cookie that proves that it signed in with the
    /// number, and leads to the last of our pages.
    fn signed_in(
        &self,
        request: &PageRequest,
        flow: Flow,
        phone: &PhoneNumber,
        verified: &Verified,
    ) -> Response {
        let browser = flow.browser;
        let flow = Flow { phone: None, typed: String::new(), reference: None, say: None, ..flow };
        let done = request.to_done(&self.seal(&flow));
        let [session, known] = self.login_cookies(request, browser.into(), phone, verified);
        done.with(session).with(known).into_response()
    }

    /// The cookies that a right code gives: the session's, and that of the numbers that this
    /// browser signed in with.
    pub(crate) fn login_cookies(
        &self,
        request: &PageRequest,
        browser: RequesterDigest,
        phone: &PhoneNumber,
        verified: &Verified,
    ) -> [Option<String>; 2] {
        let session = verified.token().map(|token| self.sessions.cookie(request, token));
        let known = self.login.remember_browser(browser, phone, request.known_browser());
        [session, Some(request.known_browser_cookie(&known))]
    }
}

/// `sign_up`: whether the page reveals the outcome of the text. Without sign-up it reveals nothing,
/// as only known numbers are texted.
const fn sending(outcome: SendOutcome, sign_up: bool) -> Sending {
    match outcome {
        SendOutcome::Refused { why: SendRefusal::Service, .. } => {
            Sending::Failed(SendRefusal::Service)
        }
        _ if !sign_up => Sending::IfKnown,
        SendOutcome::Pending => Sending::Underway,
        SendOutcome::Sent => Sending::Sent,
        SendOutcome::Unclear => Sending::Unclear,
        SendOutcome::Refused { why, .. } => Sending::Failed(why),
    }
}

/// The status of a page that says that the latest text was not sent.
const fn status_of(failure: Option<SendRefusal>) -> StatusCode {
    match failure {
        Some(SendRefusal::Service) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    }
}
