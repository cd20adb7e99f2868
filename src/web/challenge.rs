use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::json;

use super::state::Web;
use crate::domain::{Origin, ReturnTo};
use crate::gate;
use crate::pages::{HeaderClass, Lost, RequestContext, root, sent_from};

/// A request that needs a signed-in user and has none.
struct ReturnRequest<'a> {
    origin: &'a Origin,
    /// Path and query.
    target: &'a str,
    method: &'a Method,
}

impl Web {
    /// The answer to a request of a site that needs a signed-in user: a redirect to the sign-in
    /// for a navigation, 401 with its address for scripts and apps. `basic`: the challenge for a program
    /// that may present a token instead.
    pub fn challenge(
        &self,
        origin: &Origin,
        request: &Parts,
        basic: Option<HeaderValue>,
    ) -> http::Response<Bytes> {
        let target = path_and_query(&request.uri);
        let wanted = ReturnRequest { origin, target, method: &request.method };
        let Some(basic) = basic else { return self.ask_to_sign_in(&wanted, &request.headers) };
        let (back, lost) = self.way_back(&wanted, &request.headers);
        let mut response = unauthorized(&self.shell.sign_in_address(origin, &back, lost));
        response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        response
    }

    /// The same for one of our own pages; the path of `request` lacks `context.base`.
    pub(super) fn sign_in_first(&self, context: &RequestContext, request: &Request) -> Response {
        let target = format!("{}{}", context.base, path_and_query(request.uri()));
        let (origin, method) = (&context.origin, request.method());
        let wanted = ReturnRequest { origin, target: &target, method };
        self.ask_to_sign_in(&wanted, request.headers()).map(Into::into)
    }

    /// 401, for navigations too.
    pub(super) fn unauthorized(&self, context: &RequestContext) -> Response {
        let root = ReturnTo::default();
        unauthorized(&self.shell.sign_in_address(&context.origin, &root, None)).map(Into::into)
    }

    fn ask_to_sign_in(
        &self,
        wanted: &ReturnRequest<'_>,
        headers: &HeaderMap,
    ) -> http::Response<Bytes> {
        let (back, lost) = self.way_back(wanted, headers);
        let address = self.shell.sign_in_address(wanted.origin, &back, lost);
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

    /// Where to return to, and what is lost. A GET is repeated, without its query where that is too
    /// long to carry. Anything else cannot be: it returns to the page that it was sent from, if that is
    /// on the same origin, else to the site's first page, which says that nothing was done.
    fn way_back(
        &self,
        wanted: &ReturnRequest<'_>,
        headers: &HeaderMap,
    ) -> (ReturnTo, Option<Lost>) {
        let ReturnRequest { origin, target, method } = wanted;
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

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default()
}

/// 401 as `application/problem+json` (RFC 9457), with the address of the sign-in.
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
