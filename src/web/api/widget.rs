//! What `<sms-login>` asks: the login pages' steps, their words and their limits, as parts of a
//! page of somebody else. A login ends with a cookie of the issuer's; no answer holds a token.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::call::{Call, Handed};
use super::error::ApiError;
use super::lock::for_script;
use crate::domain::{Country, Origin, PhoneNumber};
use crate::login::{Asker, Door, Gives, Limited, Over, Start, StartError, Started, Verdict};
use crate::oauth::Client;
use crate::web::Web;
use crate::web::flow::Say;
use crate::web::number::{problem_with, said};
use crate::web::pages::{Chrome, CodeNotice, CodePage, CodeProblem, MessagePage, NumberPage, Page};
use crate::web::refused::{told, whole_minutes};
use crate::web::visit::{Visit, with_cookie};
use crate::words::Safe;

/// The way to log in that the element is for.
const CONNECTION: &str = "sms";
/// When a store may answer again, in seconds.
const SOON: u64 = 5;

/// `GET /widget.js`: the element, and where its issuer is.
pub(in crate::web) async fn script(State(web): State<Arc<Web>>) -> Response {
    let issuer = json!(web.map.issuer().url(""));
    let script = format!("{}({});", web.pages.assets().widget(), for_script(&issuer));
    let mut response = script.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// `GET /widget/start`: the form for a number, and the cookie that the login will belong to.
/// Where that would not come back, because the page is of another site, no form.
pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    if here.is_cross_site() {
        return Ok(here.elsewhere(StatusCode::OK));
    }
    let (_, cookie) = visit.or_new_browser(web.system.random());
    Ok(with_cookie(here.number_form(StatusCode::OK, None), cookie))
}

/// `POST /widget/start`: a number was typed. Nothing is sent for a browser that did not bring
/// its cookie: it could not use the code.
pub(in crate::web) async fn start(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    let (asker, phone) = match here.number() {
        Ok(found) => found,
        Err(early) => return Ok(*early),
    };
    let kept = phone.country().map(|country| visit.country_cookie(country));
    let answer = match here.text(asker, &phone).await {
        Ok(_) | Err(StartError::Busy) => here.code_form(asker, phone, None, None).await,
        Err(why) => here.not_started(&why),
    };
    Ok(with_cookie(answer, kept))
}

/// `POST /widget/resend`: the code is asked for once more.
pub(in crate::web) async fn resend(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    let (asker, phone) = match here.number() {
        Ok(found) => found,
        Err(early) => return Ok(*early),
    };
    let notice = match here.text(asker, &phone).await {
        Ok(Started::CoolingDown) => CodeNotice::NotYet { seconds: 1 },
        Ok(Started::Queued) | Err(StartError::Busy) => CodeNotice::Resent,
        Err(why) => return Ok(here.not_started(&why)),
    };
    Ok(here.code_form(asker, phone, None, Some(notice)).await)
}

/// `POST /widget/verify`: a code was typed.
pub(in crate::web) async fn verify(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let here = Asked::read(&web, &visit, &call)?;
    let (asker, phone) = match here.number() {
        Ok(found) => found,
        Err(early) => return Ok(*early),
    };
    // Asked before the code is spent: what fails from then on must not keep the person out.
    let Ok(before) = web.signed_in(&visit.headers, &visit.facts).await else {
        return Ok(here.unavailable());
    };
    let browser = visit.begins(before.map(|before| before.session()));
    let typed = call.text("code").unwrap_or_default();
    let wrong = |problem| here.code_form(asker, phone.clone(), Some(problem), None);
    Ok(match web.login.verify(&asker, &phone, typed, Gives::Browser(&browser)).await {
        Ok(Verdict::Right(who)) => {
            let lifetime = web.session.lifetime.as_secs();
            let cookie = who.token().map(|token| visit.session_cookie(token, lifetime));
            let keepsake = web.login.remember(&asker.who, &phone, visit.keepsake());
            let kept = visit.keepsake_cookie(&keepsake);
            with_cookie(with_cookie(here.signed_in(), cookie), Some(kept))
        }
        Ok(Verdict::WrongLength) => wrong(CodeProblem::WrongLength).await,
        Ok(Verdict::Wrong { tries_left: 0 } | Verdict::Over(Over::NoTries)) => {
            here.number_form(StatusCode::FORBIDDEN, Some(Say::CodeDied))
        }
        Ok(Verdict::Wrong { tries_left }) => wrong(CodeProblem::Wrong { tries_left }).await,
        Ok(Verdict::Over(_)) => here.number_form(StatusCode::FORBIDDEN, Some(Say::CodeExpired)),
        Ok(Verdict::Limited(limited)) => here.limited(&limited),
        Ok(Verdict::Blocked) => here.denied(&phone),
        Err(_) => here.unavailable(),
    })
}

/// A call of the element, on a page that may log in.
struct Asked<'a> {
    web: &'a Web,
    visit: &'a Visit,
    call: &'a Call,
    client: &'a Client,
    page: &'a Origin,
}

impl<'a> Asked<'a> {
    /// The page shows that it is the client's, or our own, by its origin, which no script can
    /// choose. A GET of the same origin names none (Fetch §3.1), and gives nothing away.
    fn read(web: &'a Web, visit: &'a Visit, call: &'a Call) -> Result<Self, ApiError> {
        let client = call.client(&web.oauth.clients);
        let client = client.filter(|client| client.has_connection(CONNECTION));
        let unknown = || ApiError::forbidden("unauthorized_client", "invalid client");
        let client = client.ok_or_else(unknown)?;
        let own = &visit.facts.origin;
        let page = match &call.origin {
            Some(origin) if origin == own || client.trusts_page(origin) => origin,
            Some(origin) => {
                let text = format!("Origin {origin} is not among the web_origins of the client.");
                return Err(ApiError::forbidden("access_denied", text));
            }
            None if !call.posted => own,
            None => return Err(ApiError::forbidden("access_denied", "Origin is missing.")),
        };
        Ok(Self { web, visit, call, client, page })
    }

    /// Whether the browser keeps our cookies (SameSite=Lax) from this page: it says so itself
    /// (Fetch Metadata §2.4).
    fn is_cross_site(&self) -> bool {
        self.call.header("sec-fetch-site") == Some("cross-site")
    }

    /// The number, and in whose name its attempts are; or else what is to be answered.
    fn number(&self) -> Result<(Asker, PhoneNumber), Box<Response>> {
        if self.is_cross_site() {
            return Err(Box::new(self.elsewhere(StatusCode::FORBIDDEN)));
        }
        let Some(who) = self.visit.browser() else { return Err(Box::new(self.no_cookie())) };
        let home = self.country().or_else(|| self.web.only_country());
        let typed = self.call.text("phone").unwrap_or_default();
        let phone = self.web.login.number(typed, home).map_err(|why| {
            Box::new(self.number_form(StatusCode::BAD_REQUEST, Some(problem_with(why))))
        })?;
        let known = self.web.login.is_known(&who, &phone, &self.visit.keepsake());
        let address = self.visit.facts.client;
        Ok((Asker { door: Door::Page, who, address, known }, phone))
    }

    fn country(&self) -> Option<Country> {
        Country::parse(self.call.text("country")?).ok()
    }

    /// Asks for a text whose last line names the page's own host: there the browser offers it.
    async fn text(&self, asker: Asker, phone: &PhoneNumber) -> Result<Started, StartError> {
        let start = Start {
            asker,
            phone,
            language: self.visit.language_header(),
            page_language: Some(self.web.spoken_with(self.visit).tag()),
            page_host: Some(self.page.host()),
            application: Some(&self.client.name),
        };
        self.web.login.start(start).await
    }

    fn not_started(&self, why: &StartError) -> Response {
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
    fn signed_in(&self) -> Response {
        let handover = self.site().filter(|_| self.web.is_elsewhere(self.page));
        let handover = handover.map(|prefix| format!("{prefix}/sign-in"));
        self.answer(StatusCode::OK, &json!({ "state": "signed-in", "handover": handover }))
    }

    fn elsewhere(&self, status: StatusCode) -> Response {
        self.answer(status, &json!({ "state": "elsewhere" }))
    }

    fn number_form(&self, status: StatusCode, say: Option<Say>) -> Response {
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

    async fn code_form(
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
            None => StatusCode::OK,
            Some(CodeProblem::WrongLength) => StatusCode::BAD_REQUEST,
            Some(CodeProblem::Wrong { .. }) => StatusCode::FORBIDDEN,
        };
        let body = json!({
            "state": "code", "digits": page.digits, "resend_after": resend_after,
            "error": page.error(),
        });
        self.part(status, body, &page)
    }

    fn limited(&self, Limited { row, retry_after }: &Limited) -> Response {
        let seconds = whole_minutes(*retry_after);
        let until = self.web.system.now() + Duration::from_secs(seconds);
        let again = self.page.to_string();
        let limit = told(row.what, row.by);
        let page = MessagePage::Limited { limit, seconds, until, again: &again };
        let body = json!({ "state": "limited", "error": row.key, "seconds": seconds });
        retry_after_header(self.part(StatusCode::TOO_MANY_REQUESTS, body, &page), seconds)
    }

    fn denied(&self, phone: &PhoneNumber) -> Response {
        let (host, again) = (self.page.host().as_str(), self.page.to_string());
        let page = MessagePage::Denied { phone, host, again: &again };
        let body = json!({ "state": "denied", "error": "denied" });
        self.part(StatusCode::FORBIDDEN, body, &page)
    }

    fn no_cookie(&self) -> Response {
        let host = self.web.map.issuer().origin().host().as_str();
        let again = self.page.to_string();
        let page = MessagePage::NoCookie { host, again: &again };
        let body = json!({ "state": "no-cookie", "error": "no_cookie" });
        self.part(StatusCode::BAD_REQUEST, body, &page)
    }

    fn unavailable(&self) -> Response {
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

    fn answer(&self, status: StatusCode, body: &Value) -> Response {
        let language = self.web.spoken_with(self.visit);
        let said = |key| json!(language.say(key).map(Safe::into_string));
        let mut all = Map::new();
        all.extend([
            ("lang".to_owned(), json!(language.tag())),
            ("dir".to_owned(), json!(language.direction().as_str())),
            ("site".to_owned(), json!(self.site())),
            ("label".to_owned(), said("number_title")),
            ("trouble".to_owned(), said("unavailable_title")),
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
