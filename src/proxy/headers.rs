use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use pingora::{Error, ErrorType, OrErr as _, Result};
use pingora_http::{RequestHeader, ResponseHeader};

use crate::gate::{self, ReservedNames};

/// How many headers we add to a request: reserved at once.
const ADDED: usize = 10;

/// Drops Pingora's second map, which holds each name as spelled and would double the cost of each
/// change. Names are case-insensitive (RFC 9110 §5.1); the app gets the usual spelling. Called before
/// Pingora copies the request for the app.
pub(super) fn forget_spelling(request: &mut RequestHeader) -> Result<()> {
    // The target that was authorized must be the one that is sent.
    let target = request.uri.path_and_query().map(|target| target.as_str().as_bytes());
    if target != Some(request.raw_path()) {
        return Error::e_explain(ErrorType::InternalError, "the target is not what was judged");
    }
    change_request(request, |_| Ok(()))
}

/// Joins several `Cookie` headers of a request into one. A client may split the header over HTTP/2,
/// and browsers do, one cookie a line; over HTTP/1.1 it must be one again (RFC 9113 §8.2.3), or many
/// apps read only a part. Called before anything reads cookies, so that all read the same.
pub(super) fn join_cookies(request: &mut RequestHeader) -> Result<()> {
    let mut lines = request.headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return Ok(()) };
    let lines = [first, second].into_iter().chain(lines).map(HeaderValue::as_bytes);
    let filled: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    let joined = HeaderValue::from_bytes(&filled.join(&b"; "[..]));
    let joined = joined.or_err(ErrorType::InternalError, "cookies that cannot be joined")?;
    request.insert_header(header::COOKIE, joined)
}

/// Changes the headers of a request to an app.
pub(super) fn rewrite(
    request: &mut RequestHeader,
    change: impl FnOnce(&mut HeaderMap) -> Result<()>,
) -> Result<()> {
    change_request(request, |headers| {
        headers.reserve(ADDED);
        change(headers)
    })
}

/// Changes headers without Pingora's second map: out of its own type and back.
fn change_request(
    request: &mut RequestHeader,
    change: impl FnOnce(&mut HeaderMap) -> Result<()>,
) -> Result<()> {
    let placeholder = RequestHeader::from(http::Request::new(()).into_parts().0);
    let mut parts = http::request::Parts::from(std::mem::replace(request, placeholder));
    let changed = change(&mut parts.headers);
    *request = parts.into();
    changed
}

/// Changes the headers of an app's answer. Clients too get the usual spelling of names.
pub(super) fn rewrite_response(
    response: &mut ResponseHeader,
    change: impl FnOnce(StatusCode, &mut HeaderMap),
) -> Result<()> {
    let usual = response.status.canonical_reason();
    let reason = response.get_reason_phrase().filter(|reason| Some(*reason) != usual);
    let own_reason = reason.map(str::to_owned);
    let placeholder = ResponseHeader::from(http::Response::new(()).into_parts().0);
    let mut parts = http::response::Parts::from(std::mem::replace(response, placeholder));
    change(parts.status, &mut parts.headers);
    *response = parts.into();
    own_reason.map_or(Ok(()), |reason| response.set_reason_phrase(Some(&reason)))
}

/// Removes reserved headers, our cookies and personal access tokens. `by_method`: also headers that override the method,
/// since the rules depend on it.
pub(super) fn clean_request(headers: &mut HeaderMap, reserved: &ReservedNames, by_method: bool) {
    let is_removed = |name: &&HeaderName| {
        let text = name.as_str();
        reserved.contains(text) || (by_method && gate::is_method_override(text))
    };
    let removed: Vec<HeaderName> = headers.keys().filter(is_removed).cloned().collect();
    for name in &removed {
        headers.remove(name);
    }
    // Only a protocol switch needs it at the app.
    if !headers.contains_key(header::UPGRADE) {
        headers.remove(header::CONNECTION);
    }
    gate::strip_personal_token(headers);
    strip_cookies(headers);
}

/// Removes our cookies. HTTP/2 clients may send several `Cookie` headers.
pub(super) fn strip_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(header::COOKIE).iter();
    if let (Some(only), None) = (cookies.next(), cookies.next()) {
        match gate::strip_own_cookies(only) {
            None => {}
            Some(None) => drop(headers.remove(header::COOKIE)),
            Some(Some(others)) => drop(headers.insert(header::COOKIE, others)),
        }
        return;
    }
    let cookies = headers.get_all(header::COOKIE).iter();
    let stripped: Vec<_> =
        cookies.map(|cookie| (cookie, gate::strip_own_cookies(cookie))).collect();
    if stripped.iter().all(|(_, stripped)| stripped.is_none()) {
        return;
    }
    let kept: Vec<HeaderValue> = stripped
        .into_iter()
        .filter_map(|(cookie, other)| other.unwrap_or_else(|| Some(cookie.clone())))
        .collect();
    headers.remove(header::COOKIE);
    for cookie in kept {
        headers.append(header::COOKIE, cookie);
    }
}

/// Hop-by-hop response headers (RFC 9110 §7.6.1), which Pingora passes on, and `Trailer`: it drops
/// trailers. `Connection` and `Upgrade` stay where the protocol is switched.
const HOP_BY_HOP: [&str; 5] =
    ["keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer"];

/// Connection options that name no header, or one that is removed anyway.
const NAMES_NONE: [&str; 3] = ["keep-alive", "close", "upgrade"];

/// Removes what an app may not send to the client: hop-by-hop headers, and cookies with our names.
/// `privately`: the answer depends on the caller, so shared caches must not store it.
pub(super) fn clean_response(status: StatusCode, headers: &mut HeaderMap, privately: bool) {
    if status == StatusCode::NO_CONTENT || status.is_informational() {
        // Such an answer has no body (RFC 9110 §8.6).
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
    }
    remove_own_hop(status, headers, privately);
    // Browsers send a cookie without a name as its bare value (RFC 6265bis §5.7), which may look like
    // one of ours.
    let ours = |cookie: &HeaderValue| {
        let mut parts = cookie.as_bytes().split(|b| *b == b'=').map(<[u8]>::trim_ascii);
        gate::is_own_cookie(parts.find(|part| !part.is_empty()).unwrap_or_default())
    };
    let cookies = headers.get_all(header::SET_COOKIE);
    if cookies.iter().any(ours) {
        let kept: Vec<HeaderValue> = cookies.iter().filter(|c| !ours(c)).cloned().collect();
        headers.remove(header::SET_COOKIE);
        for cookie in kept {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    if privately {
        make_private(headers);
    }
}

/// Makes one `Content-Length` of several, in a line or in more, that say the same (RFC 9110 §8.6).
///
/// # Errors
/// When they do not, or one is no number.
fn join_lengths(answer: &mut ResponseHeader) -> Result<()> {
    let values = answer.headers.get_all(header::CONTENT_LENGTH);
    let texts = values.iter().map(|value| value.to_str().unwrap_or_default());
    let length = |text: &str| {
        let text = text.trim();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| is_plain)
    };
    let mut lengths = texts.flat_map(|text| text.split(',')).map(length);
    let Some(first) = lengths.next() else { return Ok(()) };
    match first {
        Some(number) if lengths.all(|other| other == first) => {
            let text = number.to_string();
            let mut values = answer.headers.get_all(header::CONTENT_LENGTH).iter();
            if values.next().is_some_and(|value| *value == *text) && values.next().is_none() {
                return Ok(());
            }
            answer.insert_header(header::CONTENT_LENGTH, text)
        }
        _ => Error::e_explain(ErrorType::InvalidHTTPHeader, "lengths that contradict each other"),
    }
}

/// Checks how an app's answer is framed. `Transfer-Encoding: identity` (RFC 2616 §3.6, obsolete) is no
/// coding: the body ends with the connection, and is sent on in chunks. `is_head`: the request was a
/// HEAD.
///
/// # Errors
/// When the end of the body cannot be told: for lengths that differ, for another coding, which the
/// request did not accept, and where the app keeps the connection open. Pingora drops a length beside
/// any coding.
pub(super) fn check_framing(answer: &mut ResponseHeader, is_head: bool) -> Result<()> {
    join_lengths(answer)?;
    let mut codings = answer.headers.get_all(header::TRANSFER_ENCODING).iter();
    let (coding, more) = (codings.next(), codings.next().is_some());
    let is = |name: &[u8]| coding.is_some_and(|c| c.as_bytes().eq_ignore_ascii_case(name));
    if coding.is_none() || is(b"chunked") && !more {
        return Ok(());
    }
    let has = |wanted: &str| {
        connection_options(&answer.headers).any(|option| option.eq_ignore_ascii_case(wanted))
    };
    let is_identity = is(b"identity") && !more;
    let status = answer.status;
    let has_body = !is_head
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        && !status.is_informational();
    if is_identity && !has_body {
        answer.remove_header(&header::TRANSFER_ENCODING);
        return Ok(());
    }
    // An app of HTTP/1.0 closes unless it says otherwise (RFC 9112 §9.3).
    let closes = has("close") || answer.version == Version::HTTP_10 && !has("keep-alive");
    if !is_identity || !closes {
        return Error::e_explain(
            ErrorType::InvalidHTTPHeader,
            "a transfer coding by which the end of the answer cannot be told",
        );
    }
    answer.insert_header(header::TRANSFER_ENCODING, "chunked")
}

/// The options of `Connection` (RFC 9110 §7.6.1).
pub(super) fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Removes hop-by-hop headers, and those for shared caches where the answer is private. `Connection`
/// goes last, since it names others.
fn remove_own_hop(status: StatusCode, headers: &mut HeaderMap, privately: bool) {
    let is_in = |names: &[&str], option: &str| names.iter().any(|n| n.eq_ignore_ascii_case(option));
    let names_others = connection_options(headers).any(|option| !is_in(&NAMES_NONE, option));
    let is_named = |name: &str| {
        names_others && connection_options(headers).any(|option| is_in(&[name], option))
    };
    let goes = |name: &&HeaderName| {
        let (text, kept) = (name.as_str(), [header::CONNECTION, header::UPGRADE].contains(name));
        let hidden = privately && FOR_SHARED_CACHES.contains(&text);
        !kept && (hidden || HOP_BY_HOP.contains(&text) || is_named(text))
    };
    let found: Vec<HeaderName> = headers.keys().filter(goes).cloned().collect();
    for name in &found {
        headers.remove(name);
    }
    if status != StatusCode::SWITCHING_PROTOCOLS {
        headers.remove(header::CONNECTION);
        headers.remove(header::UPGRADE);
    }
}

/// Directives for shared caches (RFC 9213 and its predecessor), which take precedence over
/// `Cache-Control` there.
const FOR_SHARED_CACHES: [&str; 2] = ["cdn-cache-control", "surrogate-control"];

const PRIVATE: HeaderValue = HeaderValue::from_static("private");

/// Keeps an answer out of shared caches (RFC 9111 §5.2.2.7).
fn make_private(headers: &mut HeaderMap) {
    let directives: Vec<String> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .filter(|directive| !directive.is_empty())
        .collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "private") {
        return;
    }
    let shared = |directive: &&String| *directive != "public" && !directive.starts_with("s-maxage");
    let kept: Vec<&str> = directives.iter().filter(shared).map(String::as_str).collect();
    let value = if kept.is_empty() {
        Ok(PRIVATE)
    } else {
        HeaderValue::try_from(format!("private, {}", kept.join(", ")))
    };
    // Parts of a header value are a header value.
    headers.insert(header::CACHE_CONTROL, value.unwrap_or(PRIVATE));
}
