use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::destinations::root;
use super::flow::{Flow, FlowError, FlowMessage};
use super::login_pages::LoginPages;
use super::outcome::StepRefusal;
use super::problem::Problem;
use super::redirect::with_cookie;
use super::refused::in_groups;
use super::request::PageRequest;
use super::views::NumberPage;
use super::{consent, countries, outcome};
use crate::domain::{BrowserDigest, Country, PhoneNumber, ReturnTo, TextChannel};
use crate::login::{Application, Login, Proof, RefusedStart, StartRequest, Started};

/// `GET /login`: the form for a number. A browser that is signed in is led on.
pub(crate) async fn show(
    State(pages): State<Arc<LoginPages>>,
    mut request: PageRequest,
) -> Response {
    request = pages.in_login(request);
    let language = request.param("request").and_then(|sealed| pages.handover.language_of(sealed));
    let cookie = request.bring_language(language);
    with_cookie(pages.show_number(&request).await, cookie)
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

impl NumberForm {
    /// That of the number, or else the one chosen beside it.
    fn country(&self, login: &Login) -> Option<Country> {
        let chosen = Country::parse(&self.country).ok();
        let number = login.parse_number(&self.phone, chosen).ok();
        let other = number.filter(|number| !chosen.is_some_and(|chosen| number.is_of(chosen)));
        other.and_then(|number| number.country()).or(chosen)
    }
}

/// `POST /login`: starts an attempt for the number that was typed and leads to the form for the
/// code. Never waits for a provider. The number's country is remembered for the next visit.
pub(crate) async fn submit(
    State(pages): State<Arc<LoginPages>>,
    request: PageRequest,
    form: Result<Form<NumberForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return pages.shell.refuse_form(&request, &Problem::BadRequest);
    };
    let request = pages.in_flow(request, &form.flow);
    let cookie = form.country(&pages.login).map(|country| request.country_cookie(country));
    with_cookie(pages.take_number(&request, form).await, cookie)
}

impl LoginPages {
    async fn show_number(&self, request: &PageRequest) -> Response {
        let (flow, cookie) = match self.flow_of_number_page(request) {
            Ok(found) => found,
            Err(error) => return self.flow_error(request, &error),
        };
        let lost = flow.say.and_then(FlowMessage::lost);
        let is_asked = request.param("request").is_some();
        let now = self.shell.system.now();
        match (self.sessions.of(request).await, lost) {
            (Ok(Some(who)), Some(lost)) if flow.is_met_by(who.began(), now) => {
                let on = Flow { say: None, ..flow };
                let login = format!("{}/login?flow={}", request.context.base, self.seal(&on));
                with_cookie(self.tell_lost(request, lost, &on.origin, &login), cookie)
            }
            // Straight back to the site that sent the browser here. In a frame, over a page: only a page
            // makes browsers ask whether what is around it may frame this site.
            (Ok(Some(who)), _) if is_asked && !flow.framed && flow.is_met_by(who.began(), now) => {
                match self.handover.way_out(&flow, &who, request.chosen_language()).await {
                    Ok(redirect) => redirect.with(cookie).into_response(),
                    Err(_) => self.shell.unavailable(request),
                }
            }
            (Ok(Some(who)), _) if flow.is_met_by(who.began(), now) => {
                request.to_done(&self.seal(&flow)).with(cookie).into_response()
            }
            // Who is to log in again at a site's request has a number already.
            (Ok(Some(who)), _) if is_asked => {
                self.number_page(request, &flow.with_number_of(&who), cookie)
            }
            (Ok(_), _) => self.number_page(request, &flow, cookie),
            (Err(_), _) => self.shell.unavailable(request),
        }
    }

    async fn take_number(&self, request: &PageRequest, form: NumberForm) -> Response {
        let flow = match self.flow(request, &form.flow) {
            Ok(flow) => flow,
            Err(error) => return self.flow_error_of_form(request, &form.flow, &error),
        };
        let (typed, country) = (form.phone, form.country);
        let flow = Flow { typed, country, phone: None, say: None, ..flow };
        let home = Country::parse(&flow.country).ok();
        let home = home.or_else(|| countries::only(self.login.settings()));
        let phone = match self.login.parse_number(&flow.typed, home) {
            Ok(phone) => phone,
            Err(why) => return self.to_number_page(request, flow, why.into()),
        };
        let started = self.start(request, &flow, &phone, (None, None)).await;
        let flow = flow.of_start(&started);
        match outcome::of_start(started) {
            Ok(_) => self.to_code_page(request, &Flow { phone: Some(phone), ..flow }),
            Err(StepRefusal::Challenged(asked)) => {
                self.to_challenge(request, &Flow { phone: Some(phone), ..flow }, &asked, None)
            }
            Err(refusal) => self.refused(request, flow, &refusal),
        }
    }

    /// The flow of a request of the number page, and the cookie to set for a browser that is here
    /// for the first time.
    fn flow_of_number_page(
        &self,
        request: &PageRequest,
    ) -> Result<(Flow, Option<String>), FlowError> {
        match (request.param("request"), request.param("flow")) {
            (Some(sealed), _) => {
                let (browser, cookie) = request.or_new_browser(self.shell.system.random());
                let flow = self.handover.requested(sealed, browser)?;
                Ok((Flow { framed: request.cookies.is_framed(), ..flow }, cookie))
            }
            (None, Some(sealed)) => match self.flow(request, sealed) {
                Err(FlowError::Old(flow)) => Ok(((*flow).saying(FlowMessage::TimedOut), None)),
                found => Ok((found?, None)),
            },
            (None, None) => {
                let (browser, cookie) = request.or_new_browser(self.shell.system.random());
                Ok((self.new_flow(request, browser), cookie))
            }
        }
    }

    /// A login that names no destination: to the site of this host or the only one. Which of
    /// several was meant is not guessed: then to the account page.
    fn new_flow(&self, request: &PageRequest, browser: BrowserDigest) -> Flow {
        if let Some(site) = self.shell.home(request) {
            return Flow::to(site.url.origin.clone(), root(site), browser);
        }
        let account = ReturnTo::parse(&format!("{}/account", request.context.base));
        Flow::to(request.context.origin.clone(), account.unwrap_or_default(), browser)
    }

    /// Asks for a code to `phone`, on behalf of this browser.
    ///
    /// # Errors
    /// Those of [`crate::login::Login::start`].
    pub(super) async fn start(
        &self,
        request: &PageRequest,
        flow: &Flow,
        phone: &PhoneNumber,
        (proof, channel): (Option<Proof<'_>>, Option<TextChannel>),
    ) -> Result<Started, RefusedStart> {
        let start = StartRequest {
            requester: self.requester(request, flow.browser, phone),
            phone,
            accept_language: request.language_header(),
            page_language: Some(self.shell.language_of(request).tag()),
            page_host: Some(request.context.origin.host()),
            application: self.client_of(flow).map(|of| Application { id: &of.id, name: &of.name }),
            proof,
            channel,
        };
        self.login.start(start).await
    }

    /// Redirects to the form for a number, which says why.
    pub(super) fn to_number_page(
        &self,
        request: &PageRequest,
        flow: Flow,
        say: FlowMessage,
    ) -> Response {
        let sealed = self.seal(&flow.saying(say));
        request.to_own(&format!("/login?flow={sealed}")).into_response()
    }

    /// Where a login leads, for people: the name of an application, or the host of a site.
    fn destination<'a>(&'a self, flow: &'a Flow) -> &'a str {
        if let Some(name) = self.application(flow) {
            return name;
        }
        let path = flow.path.as_str().split('?').next().unwrap_or_default();
        let is_site = self.shell.map.site_at(&flow.origin, path).is_some();
        if is_site { flow.origin.host().as_str() } else { "" }
    }

    fn number_page(&self, request: &PageRequest, flow: &Flow, cookie: Option<String>) -> Response {
        let settings = self.login.settings();
        // What was chosen in this login or an earlier one.
        let chosen = Country::parse(&flow.country).ok().or_else(|| request.country());
        let sealed = self.seal(&Flow { say: None, ..flow.clone() });
        let typed = match (&flow.phone, flow.typed.as_str()) {
            (Some(phone), "") => phone.international(),
            (_, typed) => typed.to_owned(),
        };
        let (problem, notice) = flow.say.map(FlowMessage::on_number_form).unwrap_or_default();
        let page = NumberPage {
            flow: &sealed,
            destination: self.destination(flow),
            countries: &countries::served(settings),
            chosen: countries::likely(settings, chosen, request.language_header()),
            typed: &typed,
            problem,
            notice,
            reference: &in_groups(flow.reference),
            consent: &consent::sentences(settings),
        };
        with_cookie(self.shell.page(request, StatusCode::OK, &page), cookie)
    }
}
