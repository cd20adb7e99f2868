use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Web;

/// Whatever the app then makes of it: who may is asked again at the request itself.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// Seconds for which a browser need not ask again.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
/// The longest list of header names that is allowed.
const LONGEST: usize = 2048;

impl Web {
    /// The answer to a browser that asks whether a script of a listed origin may ask. Which
    /// origin that is stands in what every answer carries.
    pub fn preflight(&self, headers: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let out = response.headers_mut();
        out.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        out.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        // With credentials `*` would be a header's name (Fetch §3.2.3): those asked for are named.
        let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        if let Some(names) = asked.filter(|names| are_names(names.as_bytes())) {
            out.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        response
    }
}

fn are_names(list: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_., ".contains(b);
    list.len() <= LONGEST && list.iter().all(plain)
}
