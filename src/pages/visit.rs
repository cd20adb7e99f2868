use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::flow::{Flow, Opened};
use super::views::{Chrome, MessagePage, Page};
use super::{Facts, Problem, Web};
use crate::domain::{BrowserDigest, Country, Origin, PhoneNumber, SessionId};
use crate::gate::{Cookies, Site};
use crate::login::{Asker, Door, Keepsake};
use crate::session::{Browser, SessionToken, SignedIn};
use crate::store::StoreError;
use crate::words::Language;

/// The names of our cookies beside the session.
const BROWSER: &str = "browser";
const LANGUAGE: &str = "lang";
const COUNTRY: &str = "country";
const KNOWN: &str = "known";
const TOLD: &str = "told";
/// How long what was done waits to be told, in seconds.
const SOON: u64 = 60;
/// A year, in seconds.
const YEAR: u64 = 365 * 86_400;

/// A browser at one of our pages.
pub(crate) struct Visit {
    pub(crate) facts: Facts,
    pub(crate) headers: HeaderMap,
    pub(crate) query: HashMap<String, String>,
    /// Path and query of this page; empty for a form, which is no page to come back to.
    here: String,
    pub(crate) cookies: Cookies,
}

impl FromRequestParts<Arc<Web>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let facts = parts.extensions.get::<Facts>().cloned();
        let Some(facts) = facts else {
            return Err(web.problem(&Problem::Internal, &parts.headers, None).map(Into::into));
        };
        let query = Query::try_from_uri(&parts.uri);
        let Ok(Query(query)) = query else {
            let at = Some(&facts.origin);
            return Err(web.problem(&Problem::BadRequest, &parts.headers, at).map(Into::into));
        };
        let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let here =
            if parts.method.is_safe() { format!("{}{target}", facts.base) } else { String::new() };
        Ok(Self {
            here,
            cookies: Cookies::for_origin(&facts.origin),
            headers: parts.headers.clone(),
            query,
            facts,
        })
    }
}

impl Visit {
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn language_header(&self) -> Option<&str> {
        self.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
    }

    /// The digest of the browser's cookie, if it sent one.
    pub(crate) fn browser(&self) -> Option<BrowserDigest> {
        let value = self.cookies.get(&self.headers, BROWSER)?;
        (value.len() == 22).then(|| BrowserDigest::of(value))
    }

    /// The digest of the browser's cookie, and the cookie to set when it had none.
    pub(crate) fn or_new_browser(&self, random: [u8; 16]) -> (BrowserDigest, Option<String>) {
        if let Some(known) = self.browser() {
            return (known, None);
        }
        let value = URL_SAFE_NO_PAD.encode(random);
        (BrowserDigest::of(&value), Some(self.cookies.set(BROWSER, &value, Some(YEAR))))
    }

    /// The country of the last number that was typed here.
    pub(crate) fn country(&self) -> Option<Country> {
        Country::parse(self.cookies.get(&self.headers, COUNTRY)?).ok()
    }

    pub(crate) fn country_cookie(&self, country: Country) -> String {
        self.cookies.set(COUNTRY, country.as_str(), Some(YEAR))
    }

    /// What the browser keeps of the numbers that it signed in with.
    pub(crate) fn keepsake(&self) -> Keepsake {
        self.cookies.get(&self.headers, KNOWN).map(Keepsake::parse).unwrap_or_default()
    }

    pub(crate) fn keepsake_cookie(&self, keepsake: &Keepsake) -> String {
        self.cookies.set(KNOWN, &keepsake.to_text(), Some(YEAR))
    }

    /// Keeps the word for what a form did, to be told by the next page that is for it, once: it
    /// would be said again at each reload if it stood in the address.
    pub(crate) fn tell_once(&self, word: &str) -> String {
        self.cookies.set(TOLD, word, Some(SOON))
    }

    /// Whether this is to be told: then, the cookie that forgets it.
    pub(crate) fn tells(&self, word: &str) -> Option<String> {
        let told = self.cookies.get(&self.headers, TOLD) == Some(word);
        told.then(|| self.cookies.clear(TOLD))
    }

    pub(crate) fn session_cookie(&self, token: &SessionToken, max_age: u64) -> String {
        self.cookies.set("", &token.reveal(), Some(max_age))
    }

    pub(crate) fn no_session_cookie(&self) -> String {
        self.cookies.clear("")
    }

    /// The browser, as a session begins in it in the place of `session`.
    pub(crate) fn begins(&self, session: Option<SessionId>) -> Browser<'_> {
        let user_agent = self.headers.get(header::USER_AGENT);
        Browser {
            host: self.facts.origin.host(),
            user_agent: user_agent.and_then(|value| value.to_str().ok()),
            address: self.facts.client,
            session,
        }
    }

    /// A redirect to the last page of a flow. Whoever may have come by a POST leaves our pages
    /// only from there.
    pub(crate) fn to_done(&self, flow: &str) -> Redirect {
        self.to_own(&format!("/done?flow={flow}"))
    }

    /// A redirect to one of our own pages on this host.
    pub(crate) fn to_own(&self, path: &str) -> Redirect {
        Redirect { location: format!("{}{path}", self.facts.base), cookies: Vec::new() }
    }
}

/// 303 See Other: the next request is a GET (RFC 9110 §15.4.4).
pub(crate) struct Redirect {
    location: String,
    cookies: Vec<String>,
}

impl Redirect {
    /// To a page of a site.
    pub(crate) fn to(location: String) -> Self {
        Self { location, cookies: Vec::new() }
    }

    pub(crate) fn with(mut self, cookie: Option<String>) -> Self {
        self.cookies.extend(cookie);
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            headers.insert(header::LOCATION, location);
        }
        add_cookies(headers, self.cookies);
        response
    }
}

fn add_cookies(headers: &mut HeaderMap, cookies: impl IntoIterator<Item = String>) {
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

/// Why a form or a link of a login leads no further.
pub(crate) enum Astray {
    /// The browser did not send the cookie that it was given.
    NoCookie(Box<Flow>),
    /// Too old, or of another browser.
    Old(Box<Flow>),
    NotOurs,
}

impl Web {
    /// The flow of a visit, if it is this browser's and not too old.
    pub(crate) fn flow(&self, visit: &Visit, sealed: &str) -> Result<Flow, Astray> {
        match (self.open(sealed), visit.browser()) {
            (Opened::NotOurs, _) => Err(Astray::NotOurs),
            (Opened::Good(flow) | Opened::Old(flow), None) => Err(Astray::NoCookie(Box::new(flow))),
            (Opened::Good(flow), Some(browser)) if flow.browser == browser => Ok(flow),
            (Opened::Old(flow), Some(browser)) if flow.browser == browser => {
                Err(Astray::Old(Box::new(flow)))
            }
            // Nothing but where it leads is for another browser.
            (Opened::Good(flow) | Opened::Old(flow), Some(browser)) => {
                Err(Astray::Old(Box::new(Flow::to(flow.origin, flow.path, browser))))
            }
        }
    }

    /// In whose name a flow's attempts for `phone` are.
    pub(crate) fn asker(&self, visit: &Visit, flow: &Flow, phone: &PhoneNumber) -> Asker {
        let known = self.login.is_known(flow.browser.into(), phone, &visit.keepsake());
        Asker { door: Door::Page, who: flow.browser.into(), address: visit.facts.client, known }
    }

    /// Tells somebody whose flow leads no further what is wrong, and how to begin again.
    pub(crate) fn astray(&self, visit: &Visit, astray: &Astray) -> Response {
        let again = match astray {
            Astray::NoCookie(flow) | Astray::Old(flow) => flow.destination(),
            Astray::NotOurs => self.begin_again(visit),
        };
        let host = visit.facts.origin.host().as_str();
        let page = match astray {
            Astray::NoCookie(_) => MessagePage::NoCookie { host, again: &again },
            Astray::Old(_) | Astray::NotOurs => MessagePage::TimedOut { again: &again },
        };
        self.page(visit, StatusCode::BAD_REQUEST, &page)
    }

    /// The page of a site on this host, or else of the only one there is; which of several is not
    /// to be guessed, so that there the page that signs in is told.
    pub(crate) fn begin_again(&self, visit: &Visit) -> String {
        let login = || self.map.issuer().url("/login");
        self.home(visit).map_or_else(login, |site| format!("{}/", site.place))
    }

    pub(crate) fn home(&self, visit: &Visit) -> Option<&Site> {
        self.home_at(Some(&visit.facts.origin))
    }

    /// A site on this host, or else the only one there is.
    pub(crate) fn home_at(&self, at: Option<&Origin>) -> Option<&Site> {
        let sites = self.map.sites();
        let here = sites.iter().rfind(|site| Some(&site.place.origin) == at);
        here.or(match sites {
            [only] => Some(only),
            _ => None,
        })
    }

    /// Who holds the session cookie of a request to `facts.origin`.
    pub(crate) async fn signed_in(
        &self,
        headers: &HeaderMap,
        facts: &Facts,
    ) -> Result<Option<SignedIn>, StoreError> {
        let cookie = Cookies::for_origin(&facts.origin).get(headers, "");
        let Some(token) = cookie.and_then(SessionToken::parse) else { return Ok(None) };
        self.sessions.check(&token, facts.origin.host(), self.session).await
    }

    /// The language that `asked` names if we have it, else the one that the browser keeps a
    /// cookie of, else the best of its header.
    pub(crate) fn language(
        &self,
        asked: Option<&str>,
        cookies: Option<Cookies>,
        headers: &HeaderMap,
    ) -> &Language {
        let languages = self.pages.languages();
        let kept = cookies.and_then(|cookies| cookies.get(headers, LANGUAGE));
        let wish = [asked, kept].into_iter().flatten().find(|tag| languages.by_tag(tag).is_some());
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        languages.negotiate(wish.or(asked), header)
    }

    /// The tag of the best of our languages for a header such as `Accept-Language`.
    pub(crate) fn spoken_by(&self, header: &str) -> &str {
        self.pages.languages().negotiate(None, Some(header)).tag()
    }

    /// The language that a visitor's pages are in.
    pub(crate) fn spoken_with(&self, visit: &Visit) -> &Language {
        self.language(visit.asked("lang"), Some(visit.cookies), &visit.headers)
    }

    /// A page in the visitor's language. A language that was chosen is kept in a cookie.
    pub(crate) fn page(&self, visit: &Visit, status: StatusCode, page: &impl Page) -> Response {
        let language = self.spoken_with(visit);
        let chrome = Chrome { language, base: &visit.facts.base, here: &visit.here };
        let html = Bytes::from(self.pages.render(&chrome, page));
        let mut response = Response::new(html.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        write_kind(headers, language);
        let chosen = visit.asked("lang").and_then(|tag| self.pages.languages().by_tag(tag));
        let kept = chosen.map(|language| visit.cookies.set(LANGUAGE, language.tag(), Some(YEAR)));
        add_cookies(headers, kept);
        response
    }

    /// The answer when a store does not.
    pub(crate) fn unavailable(&self, visit: &Visit) -> Response {
        self.refuse(visit, &Problem::Unavailable)
    }

    pub(crate) fn refuse(&self, visit: &Visit, problem: &Problem) -> Response {
        self.problem(problem, &visit.headers, Some(&visit.facts.origin)).map(Into::into)
    }
}

/// That an answer is a page, in which language, and what that was chosen by.
pub(crate) fn write_kind(headers: &mut HeaderMap, language: &Language) {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    if let Ok(tag) = HeaderValue::from_str(language.tag()) {
        headers.insert(header::CONTENT_LANGUAGE, tag);
    }
}

pub(crate) fn with_cookie(mut response: Response, cookie: Option<String>) -> Response {
    add_cookies(response.headers_mut(), cookie);
    response
}
