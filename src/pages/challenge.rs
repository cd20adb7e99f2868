use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::sign_in::root;
use super::{Facts, HeaderClass, Web};
use crate::domain::{Origin, ReturnTo};
use crate::gate;

/// What somebody asked for who is not signed in.
struct Asked<'a> {
    origin: &'a Origin,
    /// Path and query.
    target: &'a str,
    method: &'a Method,
}

impl Web {
    /// The answer to somebody who must sign in first: a redirect for a browser that goes to a
    /// page, 401 with the address of the sign-in for scripts and apps.
    pub fn challenge(&self, origin: &Origin, request: &Parts) -> http::Response<Bytes> {
        let target = request.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
        let asked = Asked { origin, target: target.unwrap_or_default(), method: &request.method };
        self.ask_to_sign_in(&asked, &request.headers)
    }

    /// The same for one of our own pages for people, whose path is without what precedes it.
    pub(crate) fn sign_in_first(&self, facts: &Facts, request: &Request) -> Response {
        let target = request.uri().path_and_query().map(http::uri::PathAndQuery::as_str);
        let target = format!("{}{}", facts.base, target.unwrap_or_default());
        let asked = Asked { origin: &facts.origin, target: &target, method: request.method() };
        self.ask_to_sign_in(&asked, request.headers()).map(Into::into)
    }

    /// The answer where no page is to be shown, whoever asks.
    pub(crate) fn unauthorized(&self, facts: &Facts) -> Response {
        let root = ReturnTo::default();
        unauthorized(&self.sign_in_address(&facts.origin, &root, false)).map(Into::into)
    }

    fn ask_to_sign_in(&self, asked: &Asked<'_>, headers: &HeaderMap) -> http::Response<Bytes> {
        let (back, lost) = self.way_back(asked, headers);
        let address = self.sign_in_address(asked.origin, &back, lost);
        if !gate::is_navigation(headers) {
            return unauthorized(&address);
        }
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(location) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        HeaderClass::Page.write(response.headers_mut());
        response
    }

    /// A page comes back to itself. Anything else cannot be repeated: it comes back to the page it
    /// was sent from, if that is on the same origin, else to the site's first page, with word that
    /// it was not done.
    fn way_back(&self, asked: &Asked<'_>, headers: &HeaderMap) -> (ReturnTo, bool) {
        let Asked { origin, target, method } = asked;
        if matches!(**method, Method::GET | Method::HEAD) {
            return (ReturnTo::parse(target).unwrap_or_default(), false);
        }
        let page = sent_from(headers, origin).unwrap_or_else(|| {
            let path = target.split('?').next().unwrap_or_default();
            self.map.site_at(origin, path).map(root).unwrap_or_default()
        });
        (page, true)
    }

    /// Where somebody signs in to come back to `back`. `lost`: what they posted is gone.
    pub(crate) fn sign_in_address(&self, origin: &Origin, back: &ReturnTo, lost: bool) -> String {
        let back = utf8_percent_encode(back.as_str(), NON_ALPHANUMERIC);
        let lost = if lost { "&lost=1" } else { "" };
        format!("{origin}{}/sign-in?return_to={back}{lost}", self.map.prefix())
    }
}

/// The page of `origin` that a form was on.
pub(crate) fn sent_from(headers: &HeaderMap, origin: &Origin) -> Option<ReturnTo> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let page = url::Url::parse(referer).ok()?;
    let same = Origin::of(&page).is_ok_and(|from| from == *origin);
    same.then(|| ReturnTo::parse(&page[url::Position::BeforePath..url::Position::AfterQuery]))?
}

fn unauthorized(login_url: &str) -> http::Response<Bytes> {
    let body = json!({
        "type": "about:blank",
        "title": "Sign in first",
        "status": 401,
        "login_url": login_url,
    });
    let mut response = http::Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // RFC 9110 §15.5.2 asks for a challenge; a session cookie has no registered scheme.
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Doorcode"));
    HeaderClass::Json.write(headers);
    response
}
