use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};
use pingora_http::{RequestHeader, ResponseHeader};

use crate::gate::{self, Headers, Reserved};

/// Pingora keeps the case of names beside the map: headers are written through it.
pub(super) struct Upstream<'r>(pub(super) &'r mut RequestHeader);

impl Headers for Upstream<'_> {
    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        // Fails only beyond 32,768 headers, far above what a client may send.
        let _ = self.0.insert_header(name, value);
    }
}

/// Takes out every name that only we may write, and our cookies. `by_method`: also what would
/// make the app see another method than the rules were asked about.
pub(super) fn clean_request(request: &mut RequestHeader, reserved: &Reserved, by_method: bool) {
    let ours = request.headers.keys().filter(|name| {
        let name = name.as_str();
        reserved.has(name) || (by_method && gate::is_method_override(name))
    });
    let ours: Vec<HeaderName> = ours.cloned().collect();
    for name in &ours {
        request.remove_header(name);
    }
    let cookies = request.headers.get_all(header::COOKIE);
    if cookies.iter().all(|cookie| gate::strip_ours(cookie).is_none()) {
        return;
    }
    let kept: Vec<HeaderValue> = cookies
        .iter()
        .filter_map(|cookie| gate::strip_ours(cookie).unwrap_or_else(|| Some(cookie.clone())))
        .collect();
    request.remove_header(&header::COOKIE);
    for cookie in kept {
        let _ = request.append_header(header::COOKIE, cookie);
    }
}

/// Connection headers of the upstream's own hop (RFC 9110 §7.6.1). Pingora passes them on.
/// `Connection` and `Upgrade` stay where a protocol is switched.
const HOP_BY_HOP: [&str; 4] = ["keep-alive", "proxy-connection", "proxy-authenticate", "te"];

/// Takes out what an app may not tell the browser: headers of its own connection, and cookies of
/// our family.
pub(super) fn clean_response(response: &mut ResponseHeader, privately: bool) {
    if response.status == http::StatusCode::NO_CONTENT || response.status.is_informational() {
        // Such an answer has no body whose length could be told (RFC 9110 §8.6).
        response.remove_header(&header::CONTENT_LENGTH);
        response.remove_header(&header::TRANSFER_ENCODING);
    }
    let nominated: Vec<String> = connection_options(&response.headers);
    for name in nominated.iter().map(String::as_str).chain(HOP_BY_HOP) {
        response.remove_header(name);
    }
    if response.status != http::StatusCode::SWITCHING_PROTOCOLS {
        response.remove_header(&header::CONNECTION);
        response.remove_header(&header::UPGRADE);
    }
    let ours = |cookie: &HeaderValue| {
        gate::is_ours(cookie.as_bytes().split(|b| *b == b'=').next().unwrap_or_default())
    };
    let cookies = response.headers.get_all(header::SET_COOKIE);
    if cookies.iter().any(ours) {
        let kept: Vec<HeaderValue> = cookies.iter().filter(|c| !ours(c)).cloned().collect();
        response.remove_header(&header::SET_COOKIE);
        for cookie in kept {
            let _ = response.append_header(header::SET_COOKIE, cookie);
        }
    }
    if privately {
        make_private(response);
    }
}

fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let keep = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("upgrade");
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(keep)
        .map(str::to_owned)
        .collect()
}

/// What only a signed-in person may see must not stay in a shared cache (RFC 9111 §5.2.2.7).
fn make_private(response: &mut ResponseHeader) {
    let directives = response.headers.get_all(header::CACHE_CONTROL).iter();
    let texts: Vec<String> = directives
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if texts.iter().any(|directive| directive == "no-store" || directive == "private") {
        return;
    }
    let shared = |directive: &&String| {
        directive.as_str() != "public"
            && !directive.starts_with("s-maxage")
            && !directive.is_empty()
    };
    let kept = texts.iter().filter(shared).map(String::as_str);
    let value = std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ");
    let _ = response.insert_header(header::CACHE_CONTROL, value);
}
