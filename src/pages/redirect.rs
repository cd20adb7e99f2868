use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// A redirect with cookies to set.
pub(crate) struct Redirect {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
}

impl Redirect {
    /// 303 See Other, so that the next request is a GET (RFC 9110 §15.4.4).
    pub(crate) const fn to(location: String) -> Self {
        Self { status: StatusCode::SEE_OTHER, location, cookies: Vec::new() }
    }

    /// 307 Temporary Redirect: the next request has the same method and body (RFC 9110 §15.4.8).
    pub(super) const fn repeating(location: String) -> Self {
        Self { status: StatusCode::TEMPORARY_REDIRECT, location, cookies: Vec::new() }
    }

    /// Adds the value of one more `Set-Cookie` line.
    pub(crate) fn with(mut self, cookie: Option<String>) -> Self {
        self.cookies.extend(cookie);
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            headers.insert(header::LOCATION, location);
        }
        add_cookies(headers, self.cookies);
        response
    }
}

/// Appends a `Set-Cookie` line for each value.
pub(super) fn add_cookies(headers: &mut HeaderMap, cookies: impl IntoIterator<Item = String>) {
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

pub(crate) fn with_cookie(mut response: Response, cookie: Option<String>) -> Response {
    add_cookies(response.headers_mut(), cookie);
    response
}
