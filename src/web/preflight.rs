use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::state::Web;

/// All methods that an app may have: the request itself is judged by the rules.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// How long browsers cache the answer, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// The longest list of header names that is allowed, in bytes.
const MAX_HEADERS: usize = 2048;

impl Web {
    /// The answer to a CORS preflight for a site, from an origin that the site lists. The caller
    /// adds `Access-Control-Allow-Origin`, which every answer of the site carries.
    pub fn preflight(&self, headers: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let out = response.headers_mut();
        out.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        out.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        // With credentials `*` is a header's name (Fetch §3.2.3): those asked for are named.
        let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        if let Some(names) = asked.filter(|names| are_names(names.as_bytes())) {
            out.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        response
    }
}

fn are_names(list: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_., ".contains(b);
    list.len() <= MAX_HEADERS && list.iter().all(plain)
}
