use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::json;

use super::state::Web;
use crate::domain::{Origin, ReturnTo};
use crate::gate;
use crate::pages::{FormOwner, HeaderClass, Lost, RequestContext, SignInAddress, root, sent_from};

/// A request that needs a signed-in user and has none.
struct ReturnRequest<'a> {
    origin: &'a Origin,
    /// Path and query.
    target: &'a str,
    method: &'a Method,
    /// How long ago the user may have logged in.
    max_age: Option<Duration>,
}

/// What is said to a request that lacks a login.
#[derive(Default)]
pub struct LoginChallenge {
    /// How long ago the user may have logged in, who has, but longer ago.
    pub max_age: Option<Duration>,
    /// For a program that may present a token instead.
    pub basic: Option<HeaderValue>,
}

impl Web {
    /// The answer to a request of a site that needs a signed-in user: a redirect to the sign-in
    /// for a navigation, 401 with its address for scripts and apps.
    pub fn challenge(
        &self,
        origin: &Origin,
        request: &Parts,
        challenge: LoginChallenge,
    ) -> http::Response<Bytes> {
        let target = path_and_query(&request.uri);
        let LoginChallenge { max_age, basic } = challenge;
        let wanted = ReturnRequest { origin, target, method: &request.method, max_age };
        let Some(basic) = basic else { return self.ask_to_sign_in(&wanted, &request.headers) };
        let (back, lost) = self.way_back(&wanted, &request.headers);
        let sign_in = SignInAddress { origin, back: &back, lost, max_age };
        let mut response = unauthorized(&self.shell.sign_in_address(&sign_in), max_age);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        response
    }

    /// Whose the form of a request is that needs a signed-in user: it can be kept by [`Self::keep_form`].
    /// `None`: it is none, or of nobody that is known.
    pub async fn form_owner(&self, origin: &Origin, request: &Parts) -> Option<FormOwner> {
        self.forms.owner(origin, request).await
    }

    /// Keeps a form that was posted, and redirects to the sign-in, which leads to the page that offers
    /// to send it. As [`Self::challenge`] where it cannot be kept.
    pub async fn keep_form(
        &self,
        owner: &FormOwner,
        (origin, challenge): (&Origin, LoginChallenge),
        request: &Parts,
        body: &[u8],
    ) -> http::Response<Bytes> {
        let target = path_and_query(&request.uri);
        match self.forms.keep(owner, origin, target, body).await {
            Some(back) => {
                let max_age = challenge.max_age;
                let sign_in = SignInAddress { origin, back: &back, lost: None, max_age };
                redirect(&self.shell.sign_in_address(&sign_in))
            }
            None => self.challenge(origin, request, challenge),
        }
    }

    /// The same for one of our own pages; the path of `request` lacks `context.base`.
    pub(super) fn sign_in_first(&self, context: &RequestContext, request: &Request) -> Response {
        let target = format!("{}{}", context.base, path_and_query(request.uri()));
        let (origin, method) = (&context.origin, request.method());
        let wanted = ReturnRequest { origin, target: &target, method, max_age: None };
        self.ask_to_sign_in(&wanted, request.headers()).map(Into::into)
    }

    /// 401, for navigations too.
    pub(super) fn unauthorized(&self, context: &RequestContext) -> Response {
        let root = ReturnTo::default();
        let (origin, back) = (&context.origin, &root);
        let sign_in = SignInAddress { origin, back, lost: None, max_age: None };
        unauthorized(&self.shell.sign_in_address(&sign_in), None).map(Into::into)
    }

    fn ask_to_sign_in(
        &self,
        wanted: &ReturnRequest<'_>,
        headers: &HeaderMap,
    ) -> http::Response<Bytes> {
        let (back, lost) = self.way_back(wanted, headers);
        let ReturnRequest { origin, max_age, .. } = *wanted;
        let sign_in = SignInAddress { origin, back: &back, lost, max_age };
        let address = self.shell.sign_in_address(&sign_in);
        if !gate::is_navigation(headers) {
            return unauthorized(&address, max_age);
        }
        redirect(&address)
    }

    /// Where to return to, and what is lost. A GET is repeated, without its query where that is too
    /// long to carry. Anything else cannot be: it returns to the page that it was sent from, if that is
    /// on the same origin, else to the site's first page, which says that nothing was done.
    fn way_back(
        &self,
        wanted: &ReturnRequest<'_>,
        headers: &HeaderMap,
    ) -> (ReturnTo, Option<Lost>) {
        let ReturnRequest { origin, target, method, .. } = wanted;
        let path = target.split('?').next().unwrap_or_default();
        let first_page = || self.shell.map().site_at(origin, path).map(root).unwrap_or_default();
        if matches!(**method, Method::GET | Method::HEAD) {
            return match ReturnTo::parse(target) {
                Some(page) => (page, None),
                None => (ReturnTo::parse(path).unwrap_or_else(first_page), Some(Lost::Link)),
            };
        }
        if gate::is_foreign(method, headers, origin, &[]) {
            return (first_page(), Some(Lost::ForeignForm));
        }
        (sent_from(headers, origin).unwrap_or_else(first_page), Some(Lost::Form))
    }
}

/// 303, with which a browser goes to a page.
fn redirect(address: &str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    HeaderClass::Page.write(response.headers_mut());
    response
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default()
}

/// 401 as `application/problem+json` (RFC 9457), with the address of the sign-in. `max_age`: how long
/// ago the user may have logged in, who has (RFC 9470 §3).
fn unauthorized(login_url: &str, max_age: Option<Duration>) -> http::Response<Bytes> {
    let title = if max_age.is_some() { "Sign in again" } else { "Sign in first" };
    let mut body = json!({
        "type": "about:blank",
        "title": title,
        "status": 401,
        "login_url": login_url,
    });
    // RFC 9110 §15.5.2 asks for a challenge; a session cookie has no registered scheme.
    let mut challenge = "Doorcode".to_owned();
    if let Some(seconds) = max_age.map(|age| age.as_secs()) {
        let error = "insufficient_user_authentication";
        body["error"] = json!(error);
        body["max_age"] = json!(seconds);
        challenge = format!("Bearer error=\"{error}\", max_age=\"{seconds}\"");
    }
    let mut response = http::Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    HeaderClass::Json.write(headers);
    response
}
