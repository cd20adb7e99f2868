//! What pages of other origins may do in a person's name, and what scripts of theirs may read.
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, REFERER, UPGRADE};
use http::{HeaderMap, HeaderValue, Method};

use super::caller::Caller;
use super::decide::{Asked, Decision, decide};
use crate::domain::{Origin, OriginPattern};

/// Whether a request that could change something, or open a websocket, comes from a page of
/// another origin that is not `listed` either. A session cookie alone does not make such a
/// request the person's own.
///
/// The `Origin` header decides (RFC 6454 §7); where it is missing, `Sec-Fetch-Site` does, and where
/// that is missing too, as in old browsers, `Referer` (RFC 9110 §10.1.3). A request without any of
/// them comes from no page.
pub fn is_foreign(
    method: &Method,
    headers: &HeaderMap,
    own: &Origin,
    listed: &[OriginPattern],
) -> bool {
    let mut upgrades = headers.get_all(UPGRADE).iter().filter_map(|upgrade| upgrade.to_str().ok());
    let websocket = upgrades.any(|upgrade| upgrade.to_ascii_lowercase().contains("websocket"));
    if method.is_safe() && !websocket {
        return false;
    }
    let welcome = |origin: &Origin| origin == own || is_listed(origin, listed);
    if headers.contains_key(ORIGIN) {
        return !named_origin(headers).is_some_and(|(origin, _)| welcome(&origin));
    }
    let stranger = |page| !origin_of(page).is_some_and(|origin| welcome(&origin));
    let foreign = headers.get("sec-fetch-site").map_or_else(
        || headers.get_all(REFERER).iter().any(stranger),
        |site| site != "same-origin" && site != "none",
    );
    websocket || foreign
}

fn origin_of(page: &HeaderValue) -> Option<Origin> {
    Origin::of(&url::Url::parse(page.to_str().ok()?).ok()?).ok()
}

/// Whose scripts may read the answers of a site, as far as one request tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The listed origin that asks, as its browser wrote it.
    pub with: Option<HeaderValue>,
    /// Whether answers differ by who asks, so that a cache must know.
    pub varies: bool,
    /// Whether this is said of the app's answers too. What is open to everybody is the app's own
    /// to share.
    pub of_app: bool,
}

/// What is said to scripts of other origins.
pub fn sharing(asked: &Asked<'_>, headers: &HeaderMap) -> Sharing {
    let listed = &asked.site.allowed_origins;
    if listed.is_empty() {
        return Sharing::default();
    }
    let with = named_origin(headers).filter(|(origin, _)| is_listed(origin, listed));
    Sharing {
        with: with.map(|(_, written)| written.clone()),
        varies: true,
        of_app: !is_open(asked),
    }
}

/// What becomes of a browser's question whether a script may ask for something (Fetch §4.8).
/// It never carries a session, so that nobody can be signed in to ask it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// It is not such a question.
    No,
    /// What it asks about is open to everybody, and so is the question: the app answers.
    Apps,
    /// The gate answers.
    Ours,
}

pub fn preflight(asked: &Asked<'_>, headers: &HeaderMap) -> Preflight {
    if asked.method != Method::OPTIONS || !headers.contains_key(ORIGIN) {
        return Preflight::No;
    }
    let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_METHOD) else { return Preflight::No };
    let open = |wanted: Method| is_open(&Asked { method: &wanted, ..*asked });
    let wanted = Method::from_bytes(wanted.as_bytes());
    if is_open(asked) && wanted.is_ok_and(open) { Preflight::Apps } else { Preflight::Ours }
}

/// Whether everybody may ask this.
fn is_open(asked: &Asked<'_>) -> bool {
    decide(asked, &Caller::Nobody) == Decision::Forward
}

/// The origin that a request names, if it names one: `null` is none, two are none.
pub fn named_origin(headers: &HeaderMap) -> Option<(Origin, &HeaderValue)> {
    let mut all = headers.get_all(ORIGIN).iter();
    let (Some(written), None) = (all.next(), all.next()) else { return None };
    Some((Origin::parse(written.to_str().ok()?).ok()?, written))
}

fn is_listed(origin: &Origin, listed: &[OriginPattern]) -> bool {
    listed.iter().any(|pattern| pattern.matches(origin))
}
