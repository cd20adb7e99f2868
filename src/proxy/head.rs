//! Checks of a request's head, before its target is looked at.
use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use pingora_core::protocols::http::v1::server::HttpSession;
use pingora_http::RequestHeader;
use pingora_proxy::Session;

use super::headers::connection_options;
use crate::domain::Origin;
use crate::gate::{self, InvalidTarget};
use crate::pages::{FailedRequest, Problem};
use crate::web::Web;

/// Limit for a head, bytes. Pingora's own is a mebibyte.
const MAX_HEAD: usize = 32 * 1024;
const MAX_HEADERS: usize = 100;
/// Limit for the digits of `Content-Length`: what fits 64 bits.
const MAX_LENGTH_DIGITS: usize = 19;

/// The value of `Allow` when a method is refused (RFC 9110 §15.5.6).
const ALLOWED: HeaderValue = HeaderValue::from_static(gate::METHODS);

/// Names that decide where a request ends and whose it is. An upstream that takes `_` for `-` would
/// read a look-alike as the real header.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "host", "connection", "cookie"];

/// The problem with a head; `None`: it is accepted.
pub(super) fn check(request: &RequestHeader) -> Option<Problem> {
    if !gate::is_forwarded(&request.method) {
        return Some(Problem::MethodNotAllowed);
    }
    let headers = &request.headers;
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes + request.raw_path().len() > MAX_HEAD {
        return Some(Problem::HeadTooLarge);
    }
    (!is_framed_clearly(headers)).then_some(Problem::BadRequest)
}

/// Path and query of a request that may be sent again; empty for any other.
pub(super) fn repeatable(request: &RequestHeader) -> &str {
    let target = request.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    target.filter(|_| request.method.is_safe()).unwrap_or_default()
}

/// The answer to a refused head, at an origin of ours; `None`: where it is for is not known.
pub(super) fn refusal(
    problem: &Problem,
    headers: &HeaderMap,
    (web, at): (&Web, Option<&Origin>),
) -> Response<Bytes> {
    let mut answer = web.problem(problem, &FailedRequest { here: "", headers, at });
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(ALLOW, ALLOWED);
    }
    answer
}

/// Whether all servers agree where the request ends: at most one plain `Content-Length`, no transfer
/// coding but `chunked` (RFC 9112 §6), no look-alikes of such headers.
fn is_framed_clearly(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let plain = |length: &[u8]| {
        (1..=MAX_LENGTH_DIGITS).contains(&length.len())
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
    // What follows a protocol switch is not HTTP: a body before it could be read as either.
    let bodiless = || {
        headers.get(CONTENT_LENGTH).is_none_or(|length| length.as_bytes() == b"0")
            && !headers.contains_key(TRANSFER_ENCODING)
    };
    // Other protocols are ignored before, see `ignore_other_protocols`.
    let switch = !headers.contains_key(UPGRADE) || bodiless() && asks_to_switch(headers);
    length && coding && single && switch && !headers.keys().any(|name| look_alike(name.as_str()))
}

/// Removes a wish for another protocol than a websocket, such as `h2c`, which may be ignored (RFC 9110
/// §7.8): Java's HTTP client adds it to each request, with a body too.
pub(super) fn ignore_other_protocols(request: &mut RequestHeader) {
    let mut wishes = request.headers.get_all(UPGRADE).iter();
    let (first, second) = (wishes.next(), wishes.next());
    let websocket = |to: &HeaderValue| to.as_bytes().eq_ignore_ascii_case(b"websocket");
    if first.is_some() && (second.is_some() || !first.is_some_and(websocket)) {
        request.remove_header(&UPGRADE);
        request.remove_header("http2-settings");
    }
}

/// Without the option, `Upgrade` is to be ignored (RFC 9110 §7.8), but Pingora would switch.
fn asks_to_switch(headers: &HeaderMap) -> bool {
    connection_options(headers).any(|option| option.eq_ignore_ascii_case("upgrade"))
}

/// Hop-by-hop headers (RFC 9110 §7.6.1), besides `Connection`.
const HOP_BY_HOP: [&str; 9] = [
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

/// Whether a head has no hop-by-hop headers but a plain `Connection`. Most have none, and Pingora
/// need not look for them then.
pub(super) fn has_no_hop_by_hop(headers: &HeaderMap) -> bool {
    let plain = |options: &HeaderValue| {
        let options = options.as_bytes();
        options.eq_ignore_ascii_case(b"keep-alive") || options.eq_ignore_ascii_case(b"close")
    };
    headers.get_all(CONNECTION).iter().all(plain)
        && !headers.keys().any(|name| HOP_BY_HOP.contains(&name.as_str()))
}

/// Whether the raw HTTP/1 head is what Pingora parsed. It repairs some heads instead of refusing
/// them, which other servers read differently: a target with a fragment, a body with both a length
/// and chunks (RFC 9112 §6.1), a line that ends in LF alone (§2.2), which a server before us may have
/// taken for part of the previous line. HTTP/2 has no raw head. A space is already `%20` here.
pub(super) fn matches_parsed(session: &Session) -> bool {
    let Some(raw) = session.as_http1().map(HttpSession::get_headers_raw_bytes) else { return true };
    let (request, raw) = (session.req_header(), raw.trim_ascii_start());
    let after_method = raw.strip_prefix(request.method.as_str().as_bytes());
    let after_target =
        after_method.and_then(|rest| rest.strip_prefix(b" ")?.strip_prefix(request.raw_path()));
    let chunked = request.headers.contains_key(TRANSFER_ENCODING);
    after_target.is_some_and(|rest| rest.starts_with(b" HTTP/1."))
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

/// The requested host, unchecked. In HTTP/2 it is usually in the target only.
pub(super) fn requested_host(request: &RequestHeader) -> &str {
    let field = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let target = || request.uri.authority().map(http::uri::Authority::as_str);
    field.or_else(target).unwrap_or_default()
}

/// The authority, and the path as it will be sent.
pub(super) fn target(request: &RequestHeader) -> Result<(Cow<'_, str>, &str), InvalidTarget> {
    let authority = gate::authority(request)?;
    let raw = std::str::from_utf8(request.raw_path()).map_err(|_| InvalidTarget::NotUtf8)?;
    Ok((authority, raw.split('?').next().unwrap_or_default()))
}

/// The origin form of a target that came in absolute form (RFC 9112 §3.2.2) and names the same host
/// as `Host`. Pingora would send such a target unchanged, and not what was authorized.
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
