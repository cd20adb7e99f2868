use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};
use pingora::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};

use crate::gate::{self, Reserved};

/// Room for what we add to a request, so that the map grows once.
const ADDED: usize = 10;

/// Changes the headers of a request on its way to an app. Pingora keeps the spelling of every
/// name in a second map, which would double the cost of each change. Case means nothing in a name
/// (RFC 9110 §5.1), so that map is left behind, and the app sees the usual spelling.
pub(super) fn rewrite(
    request: &mut RequestHeader,
    change: impl FnOnce(&mut HeaderMap) -> Result<()>,
) -> Result<()> {
    // Only what is sent as it was judged goes on.
    let target = request.uri.path_and_query().map(|target| target.as_str().as_bytes());
    if target != Some(request.raw_path()) {
        return Error::e_explain(ErrorType::InternalError, "the target is not what was judged");
    }
    let placeholder = RequestHeader::build_no_case(http::Method::GET, b"/", None)?;
    let mut parts = http::request::Parts::from(std::mem::replace(request, placeholder));
    parts.headers.reserve(ADDED);
    let changed = change(&mut parts.headers);
    *request = parts.into();
    changed
}

/// Takes out every name that only we may write, and our cookies. `by_method`: also what would
/// make the app see another method than the rules were asked about.
pub(super) fn clean_request(headers: &mut HeaderMap, reserved: &Reserved, by_method: bool) {
    let ours = headers.keys().filter(|name| {
        let text = name.as_str();
        reserved.has(text) || (by_method && gate::is_method_override(text))
    });
    let ours: Vec<HeaderName> = ours.cloned().collect();
    for name in &ours {
        headers.remove(name);
    }
    let cookies = headers.get_all(header::COOKIE).iter();
    let stripped: Vec<_> = cookies.map(|cookie| (cookie, gate::strip_ours(cookie))).collect();
    if stripped.iter().all(|(_, stripped)| stripped.is_none()) {
        return;
    }
    let kept = stripped.into_iter();
    let kept = kept.filter_map(|(cookie, other)| other.unwrap_or_else(|| Some(cookie.clone())));
    let kept: Vec<HeaderValue> = kept.collect();
    headers.remove(header::COOKIE);
    for cookie in kept {
        headers.append(header::COOKIE, cookie);
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
    for name in hop_by_hop(response) {
        response.remove_header(&name);
    }
    // A cookie without a name is sent back as its bare value (RFC 6265bis §5.7), which may look
    // like one of ours.
    let ours = |cookie: &HeaderValue| {
        let mut parts = cookie.as_bytes().split(|b| *b == b'=').map(<[u8]>::trim_ascii);
        gate::is_ours(parts.find(|part| !part.is_empty()).unwrap_or_default())
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

/// What a message says of its own hop (RFC 9110 §7.6.1).
pub(super) fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The names in an answer that are for this hop only. Most answers have none.
fn hop_by_hop(response: &ResponseHeader) -> Vec<HeaderName> {
    let switches = response.status == http::StatusCode::SWITCHING_PROTOCOLS;
    let options = connection_options(&response.headers);
    let options: Vec<&str> = options.filter(|o| !o.eq_ignore_ascii_case("upgrade")).collect();
    let for_this_hop = |name: &&HeaderName| {
        let text = name.as_str();
        HOP_BY_HOP.contains(&text)
            || options.iter().any(|option| option.eq_ignore_ascii_case(text))
            || (!switches && [header::CONNECTION, header::UPGRADE].contains(name))
    };
    response.headers.keys().filter(for_this_hop).cloned().collect()
}

/// Directives for shared caches alone (RFC 9213, and the one before it). They would win over
/// `Cache-Control` there.
const FOR_SHARED_CACHES: [&str; 2] = ["cdn-cache-control", "surrogate-control"];

/// What only a signed-in person may see must not stay in a shared cache (RFC 9111 §5.2.2.7).
fn make_private(response: &mut ResponseHeader) {
    for name in FOR_SHARED_CACHES {
        response.remove_header(name);
    }
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
