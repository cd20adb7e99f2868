use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::request::WidgetRequest;
use crate::domain::{AttemptId, AttemptReference, PhoneNumber};
use crate::login::{RateLimited, Requester};
use crate::pages::outcome::{StepRefusal, limit_message};
use crate::pages::problem::RETRY_AFTER_FAILURE;
use crate::pages::refused::{whole_minutes, with_retry_after};
use crate::pages::views::{
    Chrome, CodeNotice, CodePage, CodeProblem, LimitedPage, MessagePage, NumberAgain, NumberPage,
    Page, Sending,
};
use crate::pages::{FlowMessage, consent, countries};
use crate::store::SendRefusal;
use crate::words::Safe;

/// The answers. The parts of pages in them are made from the pages' own templates.
impl<'a> WidgetRequest<'a> {
    /// Answers a login that does not go on to the next step.
    pub(super) async fn refused(
        &self,
        requester: &Requester,
        (phone, attempt): (PhoneNumber, Option<AttemptId>),
        refusal: StepRefusal,
    ) -> Response {
        match refusal {
            StepRefusal::Code(message) => {
                self.code_form(requester, (phone, attempt), message.on_code_form(), None).await
            }
            StepRefusal::Number(message) => self.number_again(message, attempt),
            StepRefusal::Limited(limited) => self.limited(&limited, attempt),
            StepRefusal::Challenged(_) => self.challenged(),
            StepRefusal::Denied => self.denied(&phone, attempt),
            StepRefusal::Unavailable => self.unavailable(attempt),
        }
    }

    /// The reserved prefix of the site that the page is behind, if it is behind one of ours:
    /// sign-in and `me` are there.
    fn site(&self) -> Option<&'a str> {
        let map = self.pages.shell.map();
        let behind = map.sites().iter().any(|site| site.url.origin == *self.page);
        behind.then(|| map.prefix())
    }

    /// A login is done. A page on another host than the issuer's has no cookie of it yet: the
    /// sign-in of its site, if it is behind one, sets it by a hand-over.
    pub(super) fn signed_in(&self) -> Response {
        let site = self.site().filter(|_| self.pages.shell.is_elsewhere(self.page));
        let handover = site.map(|prefix| format!("{prefix}/sign-in"));
        self.answer(StatusCode::OK, &json!({ "state": "signed-in", "handover": handover }))
    }

    /// The browser was signed in before. A page on another host gets its cookie by the sign-in of
    /// its site, for which the person presses a button: a page that moved by itself could do so
    /// without end.
    pub(super) fn signed_in_before(&self) -> Response {
        let needs_handover = self.site().is_some() && self.pages.shell.is_elsewhere(self.page);
        if !needs_handover {
            return self.answer(StatusCode::OK, &json!({ "state": "signed-in" }));
        }
        let label = self.sentence("done_link");
        self.answer(StatusCode::OK, &json!({ "state": "continue", "label": label }))
    }

    /// The page is of another site: the login has to be on a page of its own.
    pub(super) fn elsewhere(&self, status: StatusCode) -> Response {
        self.answer(status, &json!({ "state": "elsewhere" }))
    }

    /// The login pages ask for the proof: the element would have to be twice as large.
    fn challenged(&self) -> Response {
        let body = json!({ "state": "elsewhere", "error": "challenge" });
        self.answer(StatusCode::TOO_MANY_REQUESTS, &body)
    }

    pub(super) fn number_form(&self, status: StatusCode, message: Option<FlowMessage>) -> Response {
        self.number_part(status, message, None)
    }

    /// The form for a number again; `attempt`: of the code that no longer works.
    fn number_again(&self, message: FlowMessage, attempt: Option<AttemptId>) -> Response {
        let status = number_status(message);
        let attempt = attempt.filter(|_| status == StatusCode::FORBIDDEN);
        self.number_part(status, Some(message), attempt)
    }

    fn number_part(
        &self,
        status: StatusCode,
        message: Option<FlowMessage>,
        attempt: Option<AttemptId>,
    ) -> Response {
        let reference = in_groups(attempt);
        let (problem, notice) = message.map(FlowMessage::on_number_form).unwrap_or_default();
        let settings = self.pages.login.settings();
        let chosen = self.country().or_else(|| self.visitor.country());
        let page = NumberPage {
            flow: "",
            destination: &self.client.name,
            countries: &countries::served(settings),
            chosen: countries::likely(settings, chosen, self.visitor.language_header()),
            typed: self.api_request.text("phone").unwrap_or_default(),
            problem,
            notice,
            reference: reference.as_deref().unwrap_or_default(),
            consent: &consent::sentences(settings),
        };
        let body = json!({ "state": "number", "error": page.error(), "reference": reference });
        self.part(status, body, &page)
    }

    pub(super) async fn code_form(
        &self,
        requester: &Requester,
        (phone, attempt): (PhoneNumber, Option<AttemptId>),
        problem: Option<CodeProblem>,
        notice: Option<CodeNotice>,
    ) -> Response {
        let sent = match self.pages.sent_code(requester, phone).await {
            Ok(Some(sent)) => sent,
            Ok(None) => {
                return self.number_again(FlowMessage::CodeExpired, attempt);
            }
            Err(_) => return self.unavailable(attempt),
        };
        let form = self.pages.code_form(&sent, "");
        let resend_after = form.resend_after;
        let notice = notice.map(|notice| match notice {
            CodeNotice::NotYet { .. } => CodeNotice::NotYet { seconds: resend_after.max(1) },
            CodeNotice::Resent => CodeNotice::Resent,
        });
        let page = CodePage { problem, notice, ..form };
        let status = match problem {
            Some(CodeProblem::WrongLength) => StatusCode::BAD_REQUEST,
            Some(CodeProblem::Wrong { .. }) => StatusCode::FORBIDDEN,
            None if page.sending == Sending::Failed(SendRefusal::Service) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            None => StatusCode::OK,
        };
        let body = json!({
            "state": "code", "digits": page.digits, "resend_after": resend_after,
            "error": page.error(),
        });
        match self.pages.unsent(&sent, "").filter(|_| problem.is_none()) {
            Some(unsent) => self.part(status, body, &unsent),
            None => self.part(status, body, &page),
        }
    }

    fn limited(&self, limited: &RateLimited, attempt: Option<AttemptId>) -> Response {
        let RateLimited { row, retry_after } = limited;
        let reference = in_groups(attempt);
        let seconds = whole_minutes(*retry_after);
        let page = self.page.to_string();
        let limit = limit_message(row);
        let field = |name| self.api_request.text(name).unwrap_or_default();
        let page = MessagePage::Limited(LimitedPage {
            again: Some(NumberAgain { flow: "", typed: field("phone"), country: field("country") }),
            another: if limit.is_of_number() { &page } else { "" },
            reference: reference.as_deref().unwrap_or_default(),
            ..LimitedPage::new(limit, seconds, self.pages.shell.system().now())
        });
        let body = json!({
            "state": "limited", "error": row.key, "seconds": seconds, "reference": reference,
        });
        with_retry_after(self.part(StatusCode::TOO_MANY_REQUESTS, body, &page), seconds)
    }

    fn denied(&self, phone: &PhoneNumber, attempt: Option<AttemptId>) -> Response {
        let reference = in_groups(attempt);
        let shown = reference.as_deref().unwrap_or_default();
        let (host, again) = (self.page.host().as_str(), self.page.to_string());
        let page = MessagePage::Denied { phone, host, again: &again, reference: shown };
        let body = json!({ "state": "denied", "error": "denied", "reference": reference });
        self.part(StatusCode::FORBIDDEN, body, &page)
    }

    pub(super) fn no_cookie(&self) -> Response {
        let host = self.pages.shell.map().issuer().origin().host().as_str();
        let again = self.page.to_string();
        let page = MessagePage::NoCookie { host, again: &again };
        let body = json!({ "state": "no-cookie", "error": "no_cookie" });
        self.part(StatusCode::BAD_REQUEST, body, &page)
    }

    pub(super) fn unavailable(&self, attempt: Option<AttemptId>) -> Response {
        let reference = in_groups(attempt);
        let shown = reference.as_deref().unwrap_or_default();
        let again = self.page.to_string();
        let page = MessagePage::Unavailable { again: &again, reference: shown };
        let body = json!({
            "state": "unavailable", "error": "unavailable", "reference": reference,
        });
        let response = self.part(StatusCode::SERVICE_UNAVAILABLE, body, &page);
        with_retry_after(response, RETRY_AFTER_FAILURE)
    }

    /// An answer that holds a part of one of our pages, so that people read the same words.
    fn part(&self, status: StatusCode, mut body: Value, page: &impl Page) -> Response {
        let shell = &self.pages.shell;
        let language = shell.language_of(self.visitor);
        let base = shell.map().issuer().url("");
        let chrome = Chrome { language, base: &base, here: "" };
        body["html"] = json!(shell.views().fragment(&chrome, page));
        self.answer(status, &body)
    }

    /// A sentence of the language files.
    fn sentence(&self, key: &str) -> Value {
        let language = self.pages.shell.language_of(self.visitor);
        json!(language.say(key).map(Safe::into_string))
    }

    fn answer(&self, status: StatusCode, body: &Value) -> Response {
        let language = self.pages.shell.language_of(self.visitor);
        let mut all = Map::new();
        all.extend([
            ("lang".to_owned(), json!(language.tag())),
            ("dir".to_owned(), json!(language.direction().as_str())),
            ("site".to_owned(), json!(self.site())),
            ("label".to_owned(), self.sentence("number_title")),
            ("trouble".to_owned(), self.sentence("unavailable_title")),
        ]);
        all.extend(body.as_object().cloned().unwrap_or_default());
        all.retain(|_, value| !value.is_null());
        (status, axum::Json(all)).into_response()
    }
}

/// The reference of an attempt, as it is shown.
fn in_groups(attempt: Option<AttemptId>) -> Option<String> {
    attempt.map(|attempt| AttemptReference::from(attempt).in_groups())
}

/// A code that died is a refusal of the answer; anything else is wrong with the number.
const fn number_status(message: FlowMessage) -> StatusCode {
    match message {
        FlowMessage::CodeDied | FlowMessage::CodeExpired => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}
