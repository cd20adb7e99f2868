use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::flow::{Flow, Say};
use super::views::{CodeNotice, CodePage, CodeProblem, Sending};
use super::visit::{Astray, Visit, with_cookie};
use super::{Problem, Web};
use crate::domain::PhoneNumber;
use crate::login::{Asker, Gives, Over, StartError, Started, Verdict, Verified};
use crate::store::{Attempt, SendOutcome, SendRefusal, StoreError};

/// How long the page waits to tell what became of the text.
const OUTCOME: Duration = Duration::from_secs(2);

/// What became of asking for the code once more, told once.
const RESENT: &str = "resent";
const NOT_YET: &str = "not-yet";

/// The page that asks for the code.
pub(crate) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let (flow, phone) = match web.texted(&visit, visit.asked("flow").unwrap_or_default()) {
        Ok(found) => found,
        Err(Early::Astray(astray)) => return web.astray(&visit, &astray),
        Err(Early::Untexted(flow)) => return web.to_number_page(&visit, *flow, Say::TimedOut),
    };
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(Some(who)) if flow.is_met_by(who.began()) => {
            return visit.to_done(&web.seal(&flow)).into_response();
        }
        Ok(_) => {}
        Err(_) => return web.unavailable(&visit),
    }
    let asker = web.asker(&visit, &flow, &phone);
    match web.texted_to(&asker, phone).await {
        Ok(Some(texted)) => web.code_page(&visit, &flow, &texted),
        Ok(None) => web.to_number_page(&visit, flow, Say::CodeExpired),
        Err(_) => web.unavailable(&visit),
    }
}

/// What the page tells of a number that was texted.
pub(crate) struct Texted {
    phone: PhoneNumber,
    attempt: Attempt,
    /// Until another text may be asked for.
    wait: Duration,
}

/// Why somebody is not at the code yet.
enum Early {
    Astray(Astray),
    Untexted(Box<Flow>),
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    code: String,
}

/// A code was typed.
pub(crate) async fn submit(
    State(web): State<Arc<Web>>,
    visit: Visit,
    form: Result<Form<CodeForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return web.refuse_form(&visit, &Problem::BadRequest) };
    let (flow, phone) = match web.texted(&visit, &form.flow) {
        Ok(found) => found,
        Err(Early::Astray(astray)) => return web.astray_form(&visit, &form.flow, &astray),
        Err(Early::Untexted(flow)) => return web.to_number_page(&visit, *flow, Say::TimedOut),
    };
    let asker = web.asker(&visit, &flow, &phone);
    // Asked before the code is spent: what fails from then on must not keep the person out.
    let Ok(before) = web.signed_in(&visit.headers, &visit.facts).await else {
        return web.unavailable_form(&visit, flow);
    };
    let browser = visit.begins(before.map(|before| before.session()));
    match web.login.verify(&asker, &phone, &form.code, Gives::Browser(&browser)).await {
        Ok(Verdict::Right(verified)) => web.let_in(&visit, flow, &phone, &verified),
        Ok(Verdict::WrongLength) => web.to_code_page(&visit, flow, Say::WrongLength),
        Ok(Verdict::Wrong { tries_left: 0 } | Verdict::Over(Over::NoTries)) => {
            web.to_number_page(&visit, flow, Say::CodeDied)
        }
        Ok(Verdict::Wrong { tries_left }) => {
            web.to_code_page(&visit, flow, Say::WrongCode { tries_left })
        }
        Ok(Verdict::Over(_)) => web.to_number_page(&visit, flow, Say::CodeExpired),
        Ok(Verdict::Limited(limited)) => web.limited(&visit, flow, limited),
        Ok(Verdict::Blocked) => web.denied(&visit, flow),
        Err(_) => web.unavailable_form(&visit, flow),
    }
}

/// The code is asked for once more.
pub(crate) async fn resend(
    State(web): State<Arc<Web>>,
    visit: Visit,
    form: Result<Form<CodeForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return web.refuse_form(&visit, &Problem::BadRequest) };
    let (flow, phone) = match web.texted(&visit, &form.flow) {
        Ok(found) => found,
        Err(Early::Astray(astray)) => return web.astray_form(&visit, &form.flow, &astray),
        Err(Early::Untexted(flow)) => return web.to_number_page(&visit, *flow, Say::TimedOut),
    };
    match web.text(&visit, &flow, &phone).await {
        Ok(Started::CoolingDown) => web.asked_again(&visit, flow, NOT_YET),
        Ok(Started::Queued) | Err(StartError::Busy) => web.asked_again(&visit, flow, RESENT),
        Err(StartError::Limited(limited)) => web.limited(&visit, flow, limited),
        Err(StartError::Store(_)) => web.unavailable_form(&visit, flow),
        // The configuration changed between two texts.
        Err(_) => web.to_number_page(&visit, flow, Say::CountryNotServed),
    }
}

impl Web {
    /// The flow of a visit that has posted a number.
    fn texted(&self, visit: &Visit, sealed: &str) -> Result<(Flow, PhoneNumber), Early> {
        let flow = self.flow(visit, sealed).map_err(Early::Astray)?;
        match flow.phone.clone() {
            Some(phone) => Ok((flow, phone)),
            None => Err(Early::Untexted(Box::new(flow))),
        }
    }

    fn to_code_page(&self, visit: &Visit, flow: Flow, say: Say) -> Response {
        let sealed = self.seal(&flow.saying(say));
        visit.to_own(&format!("/code?flow={sealed}")).into_response()
    }

    fn asked_again(&self, visit: &Visit, flow: Flow, told: &str) -> Response {
        let sealed = self.seal(&Flow { say: None, ..flow });
        let page = visit.to_own(&format!("/code?flow={sealed}"));
        page.with(Some(visit.tell_once(told))).into_response()
    }

    /// What there is to tell of a number that was texted, as soon as it is known what became of
    /// the text; `None`: its code does not work any more.
    pub(crate) async fn texted_to(
        &self,
        asker: &Asker,
        phone: PhoneNumber,
    ) -> Result<Option<Texted>, StoreError> {
        let attempt = self.login.attempt_with_outcome(asker, &phone, OUTCOME).await?;
        let Some(attempt) = attempt.filter(|attempt| self.login.is_alive(attempt)) else {
            return Ok(None);
        };
        let wait = self.login.resend_wait(asker, &phone).await?;
        Ok(Some(Texted { phone, attempt, wait }))
    }

    /// The page of a code with nothing said yet.
    pub(crate) fn page_of<'a>(&self, texted: &'a Texted, flow: &'a str) -> CodePage<'a> {
        let Texted { phone, attempt, wait } = texted;
        let now = self.system.now();
        CodePage {
            flow,
            phone,
            digits: attempt.length.get(),
            minutes: whole_seconds(attempt.expires.since(now)).div_ceil(60),
            resend_after: whole_seconds(*wait),
            sending: sending(attempt.outcome, self.login.settings().sign_up),
            problem: None,
            notice: None,
        }
    }

    fn code_page(&self, visit: &Visit, flow: &Flow, texted: &Texted) -> Response {
        let sealed = self.seal(&Flow { say: None, ..flow.clone() });
        let (resent, early) = (visit.tells(RESENT), visit.tells(NOT_YET));
        let page = self.page_of(texted, &sealed);
        let notice = match (&resent, &early) {
            (Some(_), _) => Some(CodeNotice::Resent),
            // The wait may have ended just now.
            (None, Some(_)) => Some(CodeNotice::NotYet { seconds: page.resend_after.max(1) }),
            (None, None) => None,
        };
        let page = CodePage { problem: problem(flow.say), notice, ..page };
        let down = page.sending == Sending::ProviderDown;
        let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        with_cookie(self.page(visit, status, &page), resent.or(early))
    }

    /// Gives the browser its session and what it keeps of the number, and leads out of our pages.
    fn let_in(
        &self,
        visit: &Visit,
        flow: Flow,
        phone: &PhoneNumber,
        verified: &Verified,
    ) -> Response {
        let flow = Flow { phone: None, typed: String::new(), say: None, ..flow };
        let lifetime = self.session.lifetime.as_secs();
        let cookie = verified.token().map(|token| visit.session_cookie(token, lifetime));
        let keepsake = self.login.remember(flow.browser.into(), phone, visit.keepsake());
        let kept = visit.keepsake_cookie(&keepsake);
        visit.to_done(&self.seal(&flow)).with(cookie).with(Some(kept)).into_response()
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// `told`: whether everybody is told what became of their text; else nobody is.
const fn sending(outcome: SendOutcome, told: bool) -> Sending {
    match outcome {
        SendOutcome::Refused { why: SendRefusal::Service, .. } => Sending::ProviderDown,
        _ if !told => Sending::IfKnown,
        SendOutcome::Pending => Sending::Underway,
        SendOutcome::Sent => Sending::Sent,
        SendOutcome::Refused { why: SendRefusal::Number | SendRefusal::OptedOut, .. } => {
            Sending::CannotReach
        }
    }
}

const fn problem(say: Option<Say>) -> Option<CodeProblem> {
    match say {
        Some(Say::WrongLength) => Some(CodeProblem::WrongLength),
        Some(Say::WrongCode { tries_left }) => Some(CodeProblem::Wrong { tries_left }),
        _ => None,
    }
}
