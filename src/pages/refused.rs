//! Why a form was refused, as a page of its own: a POST always leads to a GET, so that nothing is
//! posted again by a reload, by going back, or by choosing another language.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

use super::answer::WHY_DOWN;
use super::failed_request::reference as reference_of;
use super::flow::{Flow, FlowError, FlowMessage};
use super::login_pages::LoginPages;
use super::outcome::{StepRefusal, limit_message};
use super::problem::{Problem, RETRY_AFTER_FAILURE};
use super::request::PageRequest;
use super::views::{LimitMessage, LimitedPage, MessagePage, NumberAgain};
use crate::domain::{AttemptReference, PhoneNumber};
use crate::gate;
use crate::login::RateLimited;
use crate::system::Timestamp;

/// The parameter of a number that was sent again from the page of a limit.
const AGAIN: &str = "again";

/// `GET /refused`: the reason stands in the flow, or in `why` for a form of no login.
pub(crate) async fn show(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let Some(sealed) = request.param("flow") else {
        let request = request.at_site(&pages.shell);
        return match request.param("why") {
            Some(WHY_DOWN) => {
                let again = pages.shell.begin_again(&request);
                pages.unavailable_page(&request, &again, None)
            }
            _ => pages.shell.refuse(&request, &Problem::BadRequest),
        };
    };
    let sealed = &sealed.to_owned();
    let request = pages.in_flow(request, sealed);
    match pages.flow(&request, sealed) {
        Ok(flow) => pages.refused_page(&request, flow),
        // A limit may last longer than a flow.
        Err(FlowError::Old(flow)) if matches!(flow.say, Some(FlowMessage::Limited { .. })) => {
            pages.refused_page(&request, *flow)
        }
        Err(error) => pages.flow_error(&request, &error),
    }
}

impl LoginPages {
    /// Answers a form of a login that does not go on to the next step.
    pub(super) fn refused(
        &self,
        request: &PageRequest,
        flow: Flow,
        refusal: &StepRefusal,
    ) -> Response {
        match refusal {
            StepRefusal::Code(say) => self.to_code_page(request, &flow.saying(*say)),
            StepRefusal::Number(say) => self.to_number_page(request, flow, *say),
            StepRefusal::Limited(limited) => self.limited(request, flow, limited),
            StepRefusal::Challenged(asked) => self.to_challenge(request, &flow, asked, None),
            StepRefusal::Denied => self.denied(request, flow),
            StepRefusal::Unavailable => self.unavailable_form(request, flow),
        }
    }

    fn limited(&self, request: &PageRequest, flow: Flow, limited: &RateLimited) -> Response {
        let RateLimited { row, retry_after } = *limited;
        let limit = limit_message(row);
        if !gate::is_navigation(&request.headers) {
            let seconds = whole_seconds(retry_after);
            let reference = flow.reference;
            let problem = Problem::Limited { limit, key: row.key, seconds, reference };
            return self.shell.refuse(request, &problem);
        }
        let until = (self.shell.system.steady() + retry_after).as_millis();
        let page = self.refused_path(&flow.saying(FlowMessage::Limited { limit, until }));
        let again = if request.param(AGAIN).is_some() { "&again=1" } else { "" };
        request.to_own(&format!("{page}{again}")).into_response()
    }

    fn denied(&self, request: &PageRequest, flow: Flow) -> Response {
        match &flow.phone {
            Some(phone) if !gate::is_navigation(&request.headers) => {
                let (phone, reference) = (phone.clone(), flow.reference);
                self.shell.refuse(request, &Problem::Denied { phone, reference })
            }
            _ => self.to_refused(request, &flow.saying(FlowMessage::Denied)),
        }
    }

    /// The store failed while a form of a login was answered.
    pub(super) fn unavailable_form(&self, request: &PageRequest, flow: Flow) -> Response {
        if !gate::is_navigation(&request.headers) {
            return self.shell.unavailable(request);
        }
        self.to_refused(request, &flow.saying(FlowMessage::Unavailable))
    }

    /// A form whose flow cannot be followed: the number page says why.
    pub(super) fn flow_error_of_form(
        &self,
        request: &PageRequest,
        sealed: &str,
        error: &FlowError,
    ) -> Response {
        if !gate::is_navigation(&request.headers) {
            return self.flow_error(request, error);
        }
        // Only what we sealed is known to fit into an address.
        let sealed = if matches!(error, FlowError::NotOurs) { "" } else { sealed };
        request.to_own(&format!("/login?flow={sealed}")).into_response()
    }

    fn to_refused(&self, request: &PageRequest, flow: &Flow) -> Response {
        request.to_own(&self.refused_path(flow)).into_response()
    }

    fn refused_path(&self, flow: &Flow) -> String {
        format!("/refused?flow={}", self.seal(flow))
    }

    fn refused_page(&self, request: &PageRequest, flow: Flow) -> Response {
        let now = self.shell.system.steady();
        match (flow.say, &flow.phone) {
            (Some(FlowMessage::Limited { limit, until }), _)
                if now < Timestamp::from_millis(until) =>
            {
                let left = Timestamp::from_millis(until).since(now);
                self.limited_page(request, &flow, limit, left)
            }
            (Some(FlowMessage::Denied), Some(phone)) => {
                // Nobody is signed in: there is nothing to sign out of first.
                let sealed = self.seal(&flow.afresh());
                let again = format!("{}/login?flow={sealed}", request.context.base);
                let host = flow.origin.host().as_str();
                let reference = in_groups(flow.reference);
                let page =
                    MessagePage::Denied { phone, host, again: &again, reference: &reference };
                self.shell.page(request, StatusCode::FORBIDDEN, &page)
            }
            (Some(FlowMessage::Unavailable), _) => {
                let form = if flow.phone.is_some() { "code" } else { "login" };
                let reference = flow.reference;
                let sealed = self.seal(&Flow { say: None, ..flow });
                let again = format!("{}/{form}?flow={sealed}", request.context.base);
                self.unavailable_page(request, &again, reference)
            }
            // The limit has ended.
            _ => {
                let sealed = self.seal(&Flow { say: None, ..flow });
                request.to_own(&format!("/login?flow={sealed}")).into_response()
            }
        }
    }

    fn limited_page(
        &self,
        request: &PageRequest,
        flow: &Flow,
        limit: LimitMessage,
        left: Duration,
    ) -> Response {
        let seconds = whole_minutes(left);
        let number = flow.phone.as_ref().map(PhoneNumber::international);
        let again = NumberAgain {
            // With the limit, so that it is good for as long as that lasts, and for a login after it.
            flow: &self.seal(flow),
            typed: number.as_deref().unwrap_or(&flow.typed),
            country: &flow.country,
        };
        let another = format!("{}/login?flow={}", request.context.base, self.seal(&flow.afresh()));
        let code = format!(
            "{}/code?flow={}",
            request.context.base,
            self.seal(&Flow { say: None, ..flow.clone() })
        );
        let page = MessagePage::Limited(LimitedPage {
            again: Some(again),
            another: if limit.is_of_number() { &another } else { "" },
            code: if flow.phone.is_some() && limit != LimitMessage::Tries { &code } else { "" },
            reference: &in_groups(flow.reference),
            early: request.param(AGAIN).is_some(),
            ..LimitedPage::new(limit, seconds, self.shell.system.now())
        });
        let response = self.shell.page(request, StatusCode::TOO_MANY_REQUESTS, &page);
        with_retry_after(response, seconds)
    }

    /// A store failed while a page of a login was made.
    pub(super) fn unavailable_at(&self, request: &PageRequest, flow: &Flow) -> Response {
        if !gate::is_navigation(&request.headers) {
            return self.shell.unavailable(request);
        }
        self.unavailable_page(request, "", flow.reference)
    }

    /// With the reference of the attempt or, before there was one, of the request.
    fn unavailable_page(
        &self,
        request: &PageRequest,
        again: &str,
        attempt: Option<AttemptReference>,
    ) -> Response {
        let reference = attempt.map(AttemptReference::in_groups);
        let reference = reference.unwrap_or_else(|| reference_of(&request.headers));
        let page = MessagePage::Unavailable { again, reference: &reference };
        let response = self.shell.page(request, StatusCode::SERVICE_UNAVAILABLE, &page);
        with_retry_after(response, RETRY_AFTER_FAILURE)
    }
}

/// As it is shown; empty: there is none.
pub(super) fn in_groups(reference: Option<AttemptReference>) -> String {
    reference.map(AttemptReference::in_groups).unwrap_or_default()
}

/// Adds `Retry-After` (RFC 9110 §10.2.3), in seconds.
pub(crate) fn with_retry_after(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Rounded up.
pub(super) fn whole_seconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

/// Seconds, rounded up to whole minutes, at least one: the page shows minutes, and `Retry-After`
/// must say the same.
pub(crate) fn whole_minutes(left: Duration) -> u64 {
    let minutes = left.as_millis().div_ceil(60_000).max(1);
    u64::try_from(minutes).unwrap_or(u64::MAX).saturating_mul(60)
}
