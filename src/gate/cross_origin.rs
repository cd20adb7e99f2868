//! What pages of other origins may do with a user's session, and which scripts may read answers.
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, REFERER, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::caller::Caller;
use super::decide::{Decision, SiteRequest, decide};
use crate::domain::{Origin, OriginPattern};

/// Whether a request with an unsafe method, or a websocket handshake, was made by a page of an
/// origin that is neither `own` nor `listed`. A session cookie does not authorize such a request
/// (cross-site request forgery).
///
/// The `Origin` header decides (RFC 6454 §7); without it `Sec-Fetch-Site` (Fetch Metadata) does, and
/// without that, as in old browsers, `Referer` (RFC 9110 §10.1.3). A request without any of them was
/// not made by a page.
pub fn is_foreign(
    method: &Method,
    headers: &HeaderMap,
    own: &Origin,
    listed: &[OriginPattern],
) -> bool {
    if !is_guarded(method, headers) {
        return false;
    }
    if headers.contains_key(ORIGIN) {
        return !is_welcome(headers, own, listed);
    }
    let welcome = |origin: &Origin| origin == own || is_listed(origin, listed);
    let stranger = |page| !origin_of(page).is_some_and(|origin| welcome(&origin));
    let foreign = headers.get("sec-fetch-site").map_or_else(
        || headers.get_all(REFERER).iter().any(stranger),
        |site| site != "same-origin" && site != "none",
    );
    is_websocket(headers) || foreign
}

/// Whether it matters which page made a request: its method is unsafe, or it is a websocket handshake.
pub(super) fn is_guarded(method: &Method, headers: &HeaderMap) -> bool {
    !method.is_safe() || is_websocket(headers)
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let mut upgrades = headers.get_all(UPGRADE).iter().filter_map(|upgrade| upgrade.to_str().ok());
    upgrades.any(|upgrade| upgrade.to_ascii_lowercase().contains("websocket"))
}

/// Whether `Origin` names the origin `own` or a `listed` one.
pub(super) fn is_welcome(headers: &HeaderMap, own: &Origin, listed: &[OriginPattern]) -> bool {
    named_origin(headers).is_some_and(|(origin, _)| origin == *own || is_listed(&origin, listed))
}

/// What made a request, as far as its browser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// A program that is no browser: it sends neither `Origin` nor Fetch Metadata.
    Program,
    /// A page of the origin that is asked.
    SameOrigin,
    /// A page of another origin.
    Page(Origin),
    /// A page that hides its origin (`null`), or whose browser names none, or more than one.
    UnknownPage,
}

/// What made a request to the origin `own`: by its `Origin` (Fetch §3.1), or where that is missing
/// by `Sec-Fetch-Site` (Fetch Metadata §2.4). Scripts can set neither. For unsafe methods, with which
/// every browser sends `Origin`: a GET of a page often has none.
pub fn initiator(headers: &HeaderMap, own: &Origin) -> Initiator {
    if headers.contains_key(ORIGIN) {
        return match request_origin(headers) {
            Some((origin, _)) if origin == *own => Initiator::SameOrigin,
            Some((origin, _)) => Initiator::Page(origin),
            None => Initiator::UnknownPage,
        };
    }
    // Browsers send all of them together. Node.js's `fetch`, which has no page, sends `Sec-Fetch-Mode:
    // cors` alone.
    let is_of_browsers = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str();
        name.starts_with("sec-fetch-") && !(name == "sec-fetch-mode" && value == "cors")
    };
    if !headers.iter().any(is_of_browsers) {
        return Initiator::Program;
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    match (sites.next(), sites.next()) {
        (Some(site), None) if site == "same-origin" => Initiator::SameOrigin,
        _ => Initiator::UnknownPage,
    }
}

fn origin_of(page: &HeaderValue) -> Option<Origin> {
    Origin::of(&url::Url::parse(page.to_str().ok()?).ok()?).ok()
}

/// The CORS headers of the answer to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsPolicy {
    /// The request's `Origin`, as written, when the site lists it.
    pub allowed_origin: Option<HeaderValue>,
    /// Whether answers differ by `Origin`, so that they need `Vary: Origin`.
    pub vary_by_origin: bool,
    /// Whether the app's own CORS headers are replaced. On public paths, they are the app's to set.
    pub replaces_app_headers: bool,
}

/// The CORS policy for the answer to a request.
pub fn cors_policy(asked: &SiteRequest<'_>, headers: &HeaderMap) -> CorsPolicy {
    let listed = &asked.site.allowed_origins;
    if listed.is_empty() {
        return CorsPolicy::default();
    }
    let with = request_origin(headers).filter(|(origin, _)| is_listed(origin, listed));
    CorsPolicy {
        allowed_origin: with.map(|(_, written)| written.clone()),
        vary_by_origin: true,
        replaces_app_headers: !is_open(asked),
    }
}

/// What is done with a CORS preflight (Fetch §4.8). Browsers send it without cookies, so it never
/// has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// The request is no preflight.
    NotPreflight,
    /// It is for a public path: the app answers.
    ForApp,
    /// It is answered here.
    AnswerHere,
}

pub fn preflight(asked: &SiteRequest<'_>, headers: &HeaderMap) -> Preflight {
    if asked.method != Method::OPTIONS || !headers.contains_key(ORIGIN) {
        return Preflight::NotPreflight;
    }
    let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_METHOD) else {
        return Preflight::NotPreflight;
    };
    let open = |wanted: Method| is_open(&SiteRequest { method: &wanted, ..*asked });
    let wanted = Method::from_bytes(wanted.as_bytes());
    if is_open(asked) && wanted.is_ok_and(open) { Preflight::ForApp } else { Preflight::AnswerHere }
}

/// Whether the rules let a request without a caller pass.
fn is_open(asked: &SiteRequest<'_>) -> bool {
    decide(asked, &Caller::Nobody) == Decision::Forward
}

/// The origin of the request's one `Origin` header, parsed and as written. `null` is none, and so
/// are two headers, and what no browser writes (RFC 6454 §6.2): in capitals, with the default port.
pub fn request_origin(headers: &HeaderMap) -> Option<(Origin, &HeaderValue)> {
    named_origin(headers).filter(|(origin, written)| *written == origin.to_string().as_str())
}

/// The same in any spelling.
fn named_origin(headers: &HeaderMap) -> Option<(Origin, &HeaderValue)> {
    let mut all = headers.get_all(ORIGIN).iter();
    let (Some(written), None) = (all.next(), all.next()) else { return None };
    Some((Origin::parse(written.to_str().ok()?).ok()?, written))
}

fn is_listed(origin: &Origin, listed: &[OriginPattern]) -> bool {
    listed.iter().any(|pattern| pattern.matches(origin))
}
