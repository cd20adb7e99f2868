use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::flow::{Flow, Say};
use super::sign_in::root;
use super::views::{Notice, NumberPage, NumberProblem};
use super::visit::{Astray, Visit, with_cookie};
use super::{Problem, Web};
use crate::domain::{BrowserDigest, Country, InvalidPhone, PhoneNumber, ReturnTo};
use crate::login::{Countries, Start, StartError};
use crate::words::countries_of;

/// The page that asks for a number.
pub(crate) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let (flow, cookie) = match web.flow_of_number_page(&visit) {
        Ok(found) => found,
        Err(astray) => return web.astray(&visit, &astray),
    };
    match web.signed_in(&visit.headers, &visit.facts).await {
        // Straight back to the site that sent the browser here.
        Ok(Some(who)) if visit.asked("request").is_some() => match web.way_out(&flow, &who).await {
            Ok(onward) => onward.with(cookie).into_response(),
            Err(_) => web.unavailable(&visit),
        },
        Ok(Some(who)) if flow.is_met_by(who.began()) => {
            visit.to_done(&web.seal(&flow)).with(cookie).into_response()
        }
        Ok(_) => web.number_page(&visit, &flow, cookie),
        Err(_) => web.unavailable(&visit),
    }
}

#[derive(Deserialize)]
pub(crate) struct NumberForm {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    country: String,
}

/// A number was typed: begins an attempt and goes on to the code. Never waits for a provider.
/// Its country is chosen already when the person comes back.
pub(crate) async fn submit(
    State(web): State<Arc<Web>>,
    visit: Visit,
    form: Result<Form<NumberForm>, FormRejection>,
) -> Response {
    let country = form.as_ref().ok().and_then(|Form(form)| form.country());
    let kept = country.map(|country| visit.country_cookie(country));
    with_cookie(take_number(web, visit, form).await, kept)
}

async fn take_number(
    web: Arc<Web>,
    visit: Visit,
    form: Result<Form<NumberForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return web.refuse_form(&visit, &Problem::BadRequest) };
    let flow = match web.flow(&visit, &form.flow) {
        Ok(flow) => flow,
        Err(astray) => return web.astray_form(&visit, &form.flow, &astray),
    };
    let flow = Flow { typed: form.phone, country: form.country, phone: None, say: None, ..flow };
    let home = Country::parse(&flow.country).ok().or_else(|| web.only_country());
    let phone = match web.login.number(&flow.typed, home) {
        Ok(phone) => phone,
        Err(why) => return web.to_number_page(&visit, flow, problem_with(why)),
    };
    match web.text(&visit, &flow, &phone).await {
        Ok(_) | Err(StartError::Busy) => {
            let flow = Flow { phone: Some(phone), ..flow };
            visit.to_own(&format!("/code?flow={}", web.seal(&flow))).into_response()
        }
        Err(StartError::CountryNotServed) => {
            web.to_number_page(&visit, flow, Say::CountryNotServed)
        }
        Err(StartError::Landline) => web.to_number_page(&visit, flow, Say::Landline),
        Err(StartError::NotMobile) => web.to_number_page(&visit, flow, Say::NotMobile),
        Err(StartError::Limited(limited)) => web.limited(&visit, flow, limited),
        Err(StartError::Store(_)) => web.unavailable_form(&visit, flow),
    }
}

impl NumberForm {
    /// That of the number, or else the one chosen beside it.
    fn country(&self) -> Option<Country> {
        let chosen = Country::parse(&self.country).ok();
        let number = PhoneNumber::parse(&self.phone, chosen).ok();
        number.and_then(|number| number.country()).or(chosen)
    }
}

pub(crate) const fn problem_with(why: InvalidPhone) -> Say {
    match why {
        InvalidPhone::Empty => Say::NumberEmpty,
        InvalidPhone::NotANumber => Say::NotANumber,
        InvalidPhone::NoSuchNumber => Say::NoSuchNumber,
    }
}

impl Web {
    /// The flow of a visit, and the cookie to set for a browser that is here for the first time.
    fn flow_of_number_page(&self, visit: &Visit) -> Result<(Flow, Option<String>), Astray> {
        let new_here = || visit.or_new_browser(self.system.random());
        match (visit.asked("request"), visit.asked("flow")) {
            (Some(sealed), _) => {
                let (browser, cookie) = new_here();
                Ok((self.requested(sealed, browser)?, cookie))
            }
            (None, Some(sealed)) => match self.flow(visit, sealed) {
                Err(Astray::Old(flow)) => Ok(((*flow).saying(Say::TimedOut), None)),
                found => Ok((found?, None)),
            },
            (None, None) => {
                let (browser, cookie) = new_here();
                Ok((self.fresh_flow(visit, browser), cookie))
            }
        }
    }

    fn fresh_flow(&self, visit: &Visit, browser: BrowserDigest) -> Flow {
        let home = self.home(visit).map(|site| (site.place.origin.clone(), root(site)));
        // Which of several sites is not to be guessed: one's own page is there for everybody.
        let own = || {
            let path = ReturnTo::parse(&format!("{}/account", visit.facts.base));
            (visit.facts.origin.clone(), path.unwrap_or_default())
        };
        let (origin, path) = home.unwrap_or_else(own);
        Flow::to(origin, path, browser)
    }

    /// Asks for a text to `phone`, in this browser's name.
    pub(crate) async fn text(
        &self,
        visit: &Visit,
        flow: &Flow,
        phone: &PhoneNumber,
    ) -> Result<crate::login::Started, StartError> {
        let start = Start {
            asker: self.asker(visit, flow, phone),
            phone,
            language: visit.language_header(),
            page_language: Some(self.spoken_with(visit).tag()),
            page_host: Some(visit.facts.origin.host()),
            application: self.application(flow),
        };
        self.login.start(start).await
    }

    pub(crate) fn to_number_page(&self, visit: &Visit, flow: Flow, say: Say) -> Response {
        let sealed = self.seal(&flow.saying(say));
        visit.to_own(&format!("/login?flow={sealed}")).into_response()
    }

    /// Where a login leads, in words: the name of an application, or the host of a site.
    fn destination<'a>(&'a self, flow: &'a Flow) -> &'a str {
        let (path, _) = flow.path.as_str().split_once('?').unwrap_or((flow.path.as_str(), ""));
        let is_site = self.map.site_at(&flow.origin, path).is_some();
        let host = if is_site { flow.origin.host().as_str() } else { "" };
        self.application(flow).unwrap_or(host)
    }

    fn number_page(&self, visit: &Visit, flow: &Flow, cookie: Option<String>) -> Response {
        let countries = self.countries();
        let sealed = self.seal(&Flow { say: None, ..flow.clone() });
        let typed = match (&flow.phone, flow.typed.as_str()) {
            (Some(phone), "") => phone.international(),
            (_, typed) => typed.to_owned(),
        };
        let (problem, notice) = said(flow.say);
        let page = NumberPage {
            flow: &sealed,
            destination: self.destination(flow),
            countries: &countries,
            chosen: self.likely_country(visit, flow),
            typed: &typed,
            problem,
            notice,
        };
        let response = self.page(visit, StatusCode::OK, &page);
        with_cookie(response, cookie)
    }

    pub(crate) fn countries(&self) -> Vec<Country> {
        match &self.login.settings().countries {
            Countries::All => Country::all(),
            Countries::Only(served) => served.clone(),
        }
    }

    pub(crate) fn only_country(&self) -> Option<Country> {
        match self.countries().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// What was chosen in this login or an earlier one, else the operator's default, else what
    /// the browser's languages say, else the first that is served.
    fn likely_country(&self, visit: &Visit, flow: &Flow) -> Option<Country> {
        let chosen = Country::parse(&flow.country).ok().or_else(|| visit.country());
        self.probable_country(chosen, visit.language_header())
    }

    pub(crate) fn probable_country(
        &self,
        chosen: Option<Country>,
        language_header: Option<&str>,
    ) -> Option<Country> {
        let settings = self.login.settings();
        let served = |country: &Country| settings.countries.serves(Some(*country));
        let header = || language_header.map(countries_of).unwrap_or_default();
        let first = match &settings.countries {
            // Of all there are, none is more likely than another.
            Countries::All => None,
            Countries::Only(served) => served.first().copied(),
        };
        chosen
            .filter(served)
            .or(settings.default_country)
            .or_else(|| header().into_iter().find(served))
            .or(first)
    }
}

pub(crate) fn said(say: Option<Say>) -> (Option<NumberProblem>, Option<Notice>) {
    let Some(say) = say else { return (None, None) };
    let problem = |problem| (Some(problem), None);
    let notice = |notice| (None, Some(notice));
    match say {
        Say::NumberEmpty => problem(NumberProblem::Empty),
        Say::NotANumber => problem(NumberProblem::NotANumber),
        Say::NoSuchNumber => problem(NumberProblem::NoSuchNumber),
        Say::Landline => problem(NumberProblem::Landline),
        Say::NotMobile => problem(NumberProblem::NotMobile),
        Say::CountryNotServed => problem(NumberProblem::CountryNotServed),
        Say::CodeDied => notice(Notice::CodeDied),
        Say::CodeExpired => notice(Notice::CodeExpired),
        Say::TimedOut => notice(Notice::TimedOut),
        Say::FormNotSent => notice(Notice::FormNotSent),
        // These are said on the code page, or have one of their own.
        Say::WrongLength
        | Say::WrongCode { .. }
        | Say::Limited { .. }
        | Say::Denied
        | Say::Unavailable => (None, None),
    }
}
