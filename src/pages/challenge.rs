//! The page between a number and its code where a proof is asked for first.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_SECURITY_POLICY;
use serde::Deserialize;

use super::again::{AGAIN, asked_again};
use super::code::{NOT_YET, NotReady, RESENT};
use super::flow::{Flow, FlowMessage};
use super::header_class::policy_with;
use super::login_pages::LoginPages;
use super::outcome::{self, StepRefusal};
use super::problem::Problem;
use super::refused::{whole_minutes, whole_seconds};
use super::request::PageRequest;
use super::views::{ChallengeNotice, ChallengePage, RefusedWait, ShownCaptcha};
use crate::captcha::Captcha;
use crate::domain::TextChannel;
use crate::login::{Proof, ProofFault, RateLimited, StartChallenge, Started};

#[derive(Deserialize)]
pub(crate) struct ProofForm {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    puzzle: String,
    /// The number that was found; empty without JavaScript.
    #[serde(default)]
    number: String,
    /// The answers of captchas, by the names that their scripts give them.
    #[serde(default, rename = "cf-turnstile-response")]
    turnstile: String,
    #[serde(default, rename = "h-captcha-response")]
    hcaptcha: String,
    #[serde(default, rename = "g-recaptcha-response")]
    recaptcha: String,
}

impl ProofForm {
    fn captcha(&self) -> &str {
        // hCaptcha fills the field of reCAPTCHA too.
        let all = [&self.turnstile, &self.hcaptcha, &self.recaptcha];
        all.into_iter().find(|answer| !answer.is_empty()).map_or("", String::as_str)
    }
}

/// `GET /challenge`: the puzzle, which the script of the page solves, and a button for those who wait.
pub(crate) async fn show(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let request = pages.in_flow_of_query(request);
    let (flow, phone) = match pages.at_number(&request).await {
        Ok(found) => found,
        Err(elsewhere) => return *elsewhere,
    };
    let requester = pages.requester(&request, flow.browser, &phone);
    let text = request.param("puzzle").unwrap_or_default();
    let Some(puzzle) = pages.login.puzzle(&requester, &phone, text) else {
        return pages.to_number_page(&request, flow, FlowMessage::TimedOut);
    };
    let Ok(refused) = pages.login.refuses_wait(&requester, &phone).await else {
        return pages.unavailable_at(&request, &flow);
    };
    let page = ChallengePage {
        flow: &pages.seal(&Flow { say: None, ..flow.clone() }),
        puzzle: text,
        bits: puzzle.bits,
        wait: whole_seconds(puzzle.wait(pages.shell.system.steady())),
        refused: refused.map(|limited| pages.refused_wait(&limited)),
        again: asked_again(&request),
        notice: request.param("why").and_then(ChallengeNotice::parse),
        captcha: pages.captcha().map(shown),
    };
    let mut response = pages.shell.page(&request, StatusCode::OK, &page);
    if let Some(captcha) = pages.captcha()
        && let Some(policy) = policy_with(captcha.vendor().sources, &request.framed_by)
    {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn shown(captcha: &Captcha) -> ShownCaptcha<'_> {
    ShownCaptcha {
        script: captcha.vendor().script,
        class: captcha.vendor().class,
        site_key: captcha.site_key(),
        action: captcha.action(),
    }
}

/// `POST /challenge`: asks for the text again, with the proof.
pub(crate) async fn submit(
    State(pages): State<Arc<LoginPages>>,
    request: PageRequest,
    form: Result<Form<ProofForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return pages.shell.refuse_form(&request, &Problem::BadRequest);
    };
    let request = pages.in_flow(request, &form.flow);
    let (flow, phone) = match pages.flow_with_number(&request, &form.flow) {
        Ok(found) => found,
        Err(NotReady::Flow(error)) => {
            return pages.flow_error_of_form(&request, &form.flow, &error);
        }
        Err(NotReady::NoNumber(flow)) => {
            return pages.to_number_page(&request, *flow, FlowMessage::TimedOut);
        }
    };
    let again = asked_again(&request);
    let wanted = again.and_then(TextChannel::parse);
    let proof = Proof { puzzle: &form.puzzle, number: &form.number, captcha: form.captcha() };
    let started = pages.start(&request, &flow, &phone, (Some(proof), wanted)).await;
    let flow = flow.of_start(&started);
    match outcome::of_start(started) {
        Ok(Started::CoolingDown(_)) if again.is_some() => pages.resent(&request, flow, NOT_YET),
        Ok(Started::Queued(_)) if again.is_some() => pages.resent(&request, flow, RESENT),
        Ok(_) => pages.to_code_page(&request, &Flow { say: None, ..flow }),
        Err(StepRefusal::Challenged(asked)) => pages.to_challenge(&request, &flow, &asked, again),
        Err(refusal) if again.is_some() => pages.refused(&request, flow, &refusal),
        Err(refusal) => pages.refused(&request, Flow { phone: None, ..flow }, &refusal),
    }
}

impl LoginPages {
    /// The captcha that takes the place of the calculation.
    fn captcha(&self) -> Option<&Captcha> {
        self.login.settings().challenge.as_ref()?.captcha.as_ref()
    }

    /// When whoever waits may ask again.
    fn refused_wait(&self, limited: &RateLimited) -> RefusedWait {
        let seconds = whole_minutes(limited.retry_after);
        RefusedWait { seconds, until: self.shell.system.now() + Duration::from_secs(seconds) }
    }

    /// Redirects to the page that asks for a proof. `again`: the code was asked for once more.
    pub(super) fn to_challenge(
        &self,
        request: &PageRequest,
        flow: &Flow,
        asked: &StartChallenge,
        again: Option<&str>,
    ) -> Response {
        let sealed = self.seal(flow);
        let again = again.map(|again| format!("&{AGAIN}={again}")).unwrap_or_default();
        let why = asked.fault.map(|fault| match fault {
            ProofFault::Early => ChallengeNotice::Early,
            _ => ChallengeNotice::Failed,
        });
        let why = why.map(|why| format!("&why={}", why.as_str())).unwrap_or_default();
        let page = format!("/challenge?flow={sealed}&puzzle={}{again}{why}", asked.puzzle);
        request.to_own(&page).into_response()
    }
}
