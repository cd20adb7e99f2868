use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::asked::Asked;
use crate::domain::PhoneNumber;
use crate::login::{Asker, Limited, StartError};
use crate::pages::flow::Say;
use crate::pages::number::said;
use crate::pages::refused::{SOON, told, whole_minutes};
use crate::pages::views::{
    Chrome, CodeNotice, CodePage, CodeProblem, MessagePage, NumberPage, Page, Sending,
};
use crate::words::Safe;

/// What is answered. The parts of pages are made by the pages' own templates.
impl<'a> Asked<'a> {
    pub(super) fn not_started(&self, why: &StartError) -> Response {
        let refused = |say| self.number_form(StatusCode::BAD_REQUEST, Some(say));
        match why {
            StartError::CountryNotServed => refused(Say::CountryNotServed),
            StartError::Landline => refused(Say::Landline),
            StartError::NotMobile => refused(Say::NotMobile),
            StartError::Limited(limited) => self.limited(limited),
            StartError::Busy | StartError::Store(_) => self.unavailable(),
        }
    }

    /// The reserved prefix of a site of ours that the page is behind: there are sign-in and `me`.
    fn site(&self) -> Option<&'a str> {
        let behind = self.web.map.sites().iter().any(|site| site.place.origin == *self.page);
        behind.then(|| self.web.map.prefix())
    }

    /// That a login is done. A page on another host than ours has no cookie of it yet: the sign-in
    /// of its site, if it is behind one, gets it by the hand-over.
    pub(super) fn signed_in(&self) -> Response {
        let handover = self.site().filter(|_| self.web.is_elsewhere(self.page));
        let handover = handover.map(|prefix| format!("{prefix}/sign-in"));
        self.answer(StatusCode::OK, &json!({ "state": "signed-in", "handover": handover }))
    }

    /// That somebody came who is signed in. A page on another host gets there by the sign-in of its
    /// site, which a person must press for: a page that moved by itself could do so without end.
    pub(super) fn signed_in_before(&self) -> Response {
        let moves = self.site().is_some() && self.web.is_elsewhere(self.page);
        if !moves {
            return self.answer(StatusCode::OK, &json!({ "state": "signed-in" }));
        }
        let label = self.said("done_link");
        self.answer(StatusCode::OK, &json!({ "state": "continue", "label": label }))
    }

    pub(super) fn elsewhere(&self, status: StatusCode) -> Response {
        self.answer(status, &json!({ "state": "elsewhere" }))
    }

    pub(super) fn number_form(&self, status: StatusCode, say: Option<Say>) -> Response {
        let (problem, notice) = said(say);
        let countries = self.web.countries();
        let chosen = self.country().or_else(|| self.visit.country());
        let page = NumberPage {
            flow: "",
            destination: &self.client.name,
            countries: &countries,
            chosen: self.web.probable_country(chosen, self.visit.language_header()),
            typed: self.call.text("phone").unwrap_or_default(),
            problem,
            notice,
        };
        self.part(status, json!({ "state": "number", "error": page.error() }), &page)
    }

    pub(super) async fn code_form(
        &self,
        asker: Asker,
        phone: PhoneNumber,
        problem: Option<CodeProblem>,
        notice: Option<CodeNotice>,
    ) -> Response {
        let texted = match self.web.texted_to(&asker, phone).await {
            Ok(Some(texted)) => texted,
            Ok(None) => return self.number_form(StatusCode::FORBIDDEN, Some(Say::CodeExpired)),
            Err(_) => return self.unavailable(),
        };
        let page = self.web.page_of(&texted, "");
        let resend_after = page.resend_after;
        let notice = notice.map(|notice| match notice {
            CodeNotice::NotYet { .. } => CodeNotice::NotYet { seconds: resend_after.max(1) },
            CodeNotice::Resent => CodeNotice::Resent,
        });
        let page = CodePage { problem, notice, ..page };
        let status = match problem {
            Some(CodeProblem::WrongLength) => StatusCode::BAD_REQUEST,
            Some(CodeProblem::Wrong { .. }) => StatusCode::FORBIDDEN,
            None if page.sending == Sending::ProviderDown => StatusCode::SERVICE_UNAVAILABLE,
            None => StatusCode::OK,
        };
        let body = json!({
            "state": "code", "digits": page.digits, "resend_after": resend_after,
            "error": page.error(),
        });
        self.part(status, body, &page)
    }

    pub(super) fn limited(&self, Limited { row, retry_after }: &Limited) -> Response {
        let seconds = whole_minutes(*retry_after);
        let until = self.web.system.now() + Duration::from_secs(seconds);
        let again = self.page.to_string();
        let limit = told(row.what, row.by);
        let page = MessagePage::Limited { limit, seconds, until, again: &again };
        let body = json!({ "state": "limited", "error": row.key, "seconds": seconds });
        retry_after_header(self.part(StatusCode::TOO_MANY_REQUESTS, body, &page), seconds)
    }

    pub(super) fn denied(&self, phone: &PhoneNumber) -> Response {
        let (host, again) = (self.page.host().as_str(), self.page.to_string());
        let page = MessagePage::Denied { phone, host, again: &again };
        let body = json!({ "state": "denied", "error": "denied" });
        self.part(StatusCode::FORBIDDEN, body, &page)
    }

    pub(super) fn no_cookie(&self) -> Response {
        let host = self.web.map.issuer().origin().host().as_str();
        let again = self.page.to_string();
        let page = MessagePage::NoCookie { host, again: &again };
        let body = json!({ "state": "no-cookie", "error": "no_cookie" });
        self.part(StatusCode::BAD_REQUEST, body, &page)
    }

    pub(super) fn unavailable(&self) -> Response {
        let again = self.page.to_string();
        let page = MessagePage::Unavailable { again: &again };
        let body = json!({ "state": "unavailable", "error": "unavailable" });
        retry_after_header(self.part(StatusCode::SERVICE_UNAVAILABLE, body, &page), SOON)
    }

    /// An answer with a part of one of our own pages in it, so that people read the same words.
    fn part(&self, status: StatusCode, mut body: Value, page: &impl Page) -> Response {
        let language = self.web.spoken_with(self.visit);
        let base = self.web.map.issuer().url("");
        let chrome = Chrome { language, base: &base, here: "" };
        body["html"] = json!(self.web.pages.fragment(&chrome, page));
        self.answer(status, &body)
    }

    fn said(&self, key: &str) -> Value {
        let language = self.web.spoken_with(self.visit);
        json!(language.say(key).map(Safe::into_string))
    }

    fn answer(&self, status: StatusCode, body: &Value) -> Response {
        let language = self.web.spoken_with(self.visit);
        let mut all = Map::new();
        all.extend([
            ("lang".to_owned(), json!(language.tag())),
            ("dir".to_owned(), json!(language.direction().as_str())),
            ("site".to_owned(), json!(self.site())),
            ("label".to_owned(), self.said("number_title")),
            ("trouble".to_owned(), self.said("unavailable_title")),
        ]);
        all.extend(body.as_object().cloned().unwrap_or_default());
        all.retain(|_, value| !value.is_null());
        (status, axum::Json(all)).into_response()
    }
}

fn retry_after_header(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
