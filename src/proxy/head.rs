//! What is refused of a request's head before anybody looks at what it asks for.
use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use pingora_core::protocols::http::v1::server::HttpSession;
use pingora_http::RequestHeader;
use pingora_proxy::Session;

use super::headers::connection_options;
use crate::gate::{self, BadTarget};
use crate::pages::Problem;
use crate::web::Web;

/// The longest head that is looked at: Pingora itself takes a mebibyte.
const LONGEST: usize = 32 * 1024;
const MOST_HEADERS: usize = 100;
/// Digits of the longest `Content-Length`: what fits 64 bits.
const LONGEST_LENGTH: usize = 19;

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// What stands in `Allow` when another method is refused (RFC 9110 §15.5.6).
const ALLOWED: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Names that decide where a request ends and whose it is. An upstream that takes `_` for `-`
/// would read a look-alike of one as the real one.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "host", "connection", "cookie"];

/// Why the head is refused, if it is.
pub(super) fn odd(request: &RequestHeader) -> Option<Problem> {
    if !METHODS.contains(&request.method) {
        return Some(Problem::MethodNotAllowed);
    }
    let headers = &request.headers;
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes + request.raw_path().len() > LONGEST {
        return Some(Problem::HeadTooLarge);
    }
    (!is_framed_clearly(headers)).then_some(Problem::BadRequest)
}

/// The answer to a head that is refused.
pub(super) fn refusal(problem: &Problem, headers: &HeaderMap, web: &Web) -> Response<Bytes> {
    let mut answer = web.problem(problem, headers, None);
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, ALLOWED);
    }
    answer
}

/// Whether every server between here and the app finds the same end of the request: at most one
/// plain `Content-Length`, no transfer coding but `chunked` (RFC 9112 §6), no look-alikes.
fn is_framed_clearly(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let plain = |length: &[u8]| {
        (1..=LONGEST_LENGTH).contains(&length.len())
            && length.iter().all(u8::is_ascii_digit)
            && (length.len() == 1 || length[0] != b'0')
    };
    let length = lengths.next().is_none_or(|length| plain(length.as_bytes()));
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding =
        codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let single = lengths.next().is_none() && codings.next().is_none();
    let look_alike = |name: &str| {
        name.bytes().any(|b| b == b'_' || b == b'.')
            && FRAMING.contains(&name.replace(['_', '.'], "-").as_str())
    };
    // What follows the head of a switch is no longer HTTP: a body before it would be read as one or
    // the other.
    let bodiless = || {
        headers.get(CONTENT_LENGTH).is_none_or(|length| length.as_bytes() == b"0")
            && !headers.contains_key(TRANSFER_ENCODING)
    };
    let switch = match headers.get(UPGRADE) {
        None => true,
        Some(to) if to.as_bytes().eq_ignore_ascii_case(b"websocket") => {
            bodiless() && asks_to_switch(headers)
        }
        Some(_) => bodiless(),
    };
    length && coding && single && switch && !headers.keys().any(|name| look_alike(name.as_str()))
}

/// Without the option, `Upgrade` is not meant for us (RFC 9110 §7.8), but Pingora would switch.
fn asks_to_switch(headers: &HeaderMap) -> bool {
    connection_options(headers).any(|option| option.eq_ignore_ascii_case("upgrade"))
}

/// Names of fields for this hop alone (RFC 9110 §7.6.1), beside `Connection`.
const OWN_HOP: [&str; 9] = [
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Whether nothing in a head is for this hop alone, but perhaps that the connection stays or ends.
/// So are most, and nothing has to be looked for in them again.
pub(super) fn is_for_every_hop(headers: &HeaderMap) -> bool {
    let plain = |options: &HeaderValue| {
        let options = options.as_bytes();
        options.eq_ignore_ascii_case(b"keep-alive") || options.eq_ignore_ascii_case(b"close")
    };
    headers.get_all(CONNECTION).iter().all(plain)
        && !headers.keys().any(|name| OWN_HOP.contains(&name.as_str()))
}

/// Whether a head of HTTP/1 says what Pingora read in it. It mends some heads instead of refusing
/// them, and others read those in another way: a target with a fragment, a body with both a length
/// and chunks (RFC 9112 §6.1), a line that ends in LF alone (§2.2), which a server before us may have
/// taken for a part of the line before. HTTP/2 has no such text. A space is `%20` here already.
pub(super) fn is_as_read(session: &Session) -> bool {
    let Some(raw) = session.as_http1().map(HttpSession::get_headers_raw_bytes) else { return true };
    let (request, raw) = (session.req_header(), raw.trim_ascii_start());
    let rest = raw.strip_prefix(request.method.as_str().as_bytes());
    let rest = rest.and_then(|rest| rest.strip_prefix(b" ")?.strip_prefix(request.raw_path()));
    let chunked = request.headers.contains_key(TRANSFER_ENCODING);
    rest.is_some_and(|rest| rest.starts_with(b" HTTP/1."))
        && memchr::memchr_iter(b'\n', raw).all(|at| raw[..at].ends_with(b"\r"))
        && !(chunked && has_length(raw))
}

fn has_length(raw: &[u8]) -> bool {
    let is_length = |line: &[u8]| {
        let name = line.get(..CONTENT_LENGTH.as_str().len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str().as_bytes()))
    };
    raw.split(|b| *b == b'\n').skip(1).any(is_length)
}

/// The host as it was asked for, good or not: in HTTP/2, most say it in the target only.
pub(super) fn named_host(request: &RequestHeader) -> &str {
    let field = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let target = || request.uri.authority().map(http::uri::Authority::as_str);
    field.or_else(target).unwrap_or_default()
}

/// The host and the path as they will be sent.
pub(super) fn target(request: &RequestHeader) -> Result<(Cow<'_, str>, &str), BadTarget> {
    let authority = gate::authority(request)?;
    let raw = std::str::from_utf8(request.raw_path()).map_err(|_| BadTarget::NotUtf8)?;
    Ok((authority, raw.split('?').next().unwrap_or_default()))
}

/// The same target in origin form, when it came in absolute form (RFC 9112 §3.2.2) and names the
/// host that `Host` names: so that what is judged is what is sent. Pingora leaves such a target as
/// it came.
pub(super) fn origin_form(request: &RequestHeader) -> Option<Vec<u8>> {
    let raw = request.raw_path();
    let after = |scheme: &[u8]| {
        let (start, rest) = raw.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = after(b"http://").or_else(|| after(b"https://"))?;
    let end = rest.iter().position(|b| b"/?".contains(b)).unwrap_or(rest.len());
    let (named, path) = rest.split_at(end);
    let host = request.headers.get(HOST)?;
    named
        .eq_ignore_ascii_case(host.as_bytes())
        .then(|| if path.starts_with(b"/") { path.to_vec() } else { [b"/", path].concat() })
}
