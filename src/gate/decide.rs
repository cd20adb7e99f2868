use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::caller::{Caller, JudgedCaller};
use super::same_names::same_names;
use super::sites::{PathPattern, Principal, Rule, Site, WILDCARD};
use super::target::Readings;

/// A request for a site, as far as rules judge it.
#[derive(Clone, Copy, Debug)]
pub struct SiteRequest<'r> {
    pub site: &'r Site,
    pub method: &'r Method,
    pub readings: &'r Readings<'r>,
    pub client: IpAddr,
}

/// Whether the decision depends on who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerNeed {
    /// Public in every reading: no session is looked up.
    Nobody,
    Caller,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Passed to the app.
    Forward,
    /// Passed to the app if the user logged in no longer ago than this.
    ForwardIfFresh(Duration),
    /// The caller is unknown, and the rule asks for a known one.
    SignIn,
    Refuse(DenialReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenialReason {
    /// The caller is known, but the rule does not admit them.
    NotAllowed,
    /// The client's address is in none of the rule's networks.
    Network,
}

/// Whether the caller must be known to decide.
pub fn caller_need(asked: &SiteRequest<'_>) -> CallerNeed {
    let public = |path: Cow<'_, str>| {
        first_rule(asked, &path).is_some_and(|(_, rule)| rule.allow == [Principal::Public])
    };
    if relative_paths(asked).all(public) { CallerNeed::Nobody } else { CallerNeed::Caller }
}

/// How a request is judged in one reading of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement<'r> {
    /// Relative to the site.
    pub path: Cow<'r, str>,
    /// Index in [`Site::rules`] of the rule that decided; `None`: no rule matches.
    pub rule: Option<usize>,
    pub decision: Decision,
}

impl Judgement<'_> {
    /// The same without a borrow of the request.
    #[must_use]
    pub fn into_owned(self) -> Judgement<'static> {
        Judgement { path: Cow::Owned(self.path.into_owned()), ..self }
    }
}

/// Judges a request in each reading of its path.
pub fn judgements<'r>(
    asked: &SiteRequest<'r>,
    caller: JudgedCaller<'r>,
) -> impl Iterator<Item = Judgement<'r>> {
    let asked = *asked;
    relative_paths(&asked).map(move |path| {
        let found = first_rule(&asked, &path);
        let decision = judge_reading(&asked, found.map(|(_, rule)| rule), caller);
        Judgement { rule: found.map(|(index, _)| index), path, decision }
    })
}

/// What becomes of a request that is judged so: it passes only if all readings let it pass.
pub fn strictest<'r>(judgements: impl Iterator<Item = Judgement<'r>>) -> Decision {
    let mut decision = Decision::Forward;
    for judgement in judgements {
        decision = match (judgement.decision, decision) {
            (refuse @ Decision::Refuse(_), _) => return refuse,
            (Decision::SignIn, _) | (_, Decision::SignIn) => Decision::SignIn,
            (Decision::ForwardIfFresh(one), Decision::ForwardIfFresh(other)) => {
                Decision::ForwardIfFresh(one.min(other))
            }
            (Decision::Forward, earlier) => earlier,
            (found, _) => found,
        }
    }
    decision
}

/// Judges a request in every reading of its path.
pub fn decide(asked: &SiteRequest<'_>, caller: &Caller) -> Decision {
    strictest(judgements(asked, caller.judged()))
}

/// Whether some path of a site may be open to a caller who needs to be known for it.
pub fn may_use(site: &Site, caller: &Caller) -> bool {
    for rule in &site.rules {
        let is_public = rule.allow == [Principal::Public];
        if !is_public && rule.allow.iter().any(|who| who.admits(caller.judged())) {
            return true;
        }
        if rule.methods.is_empty() && rule.path.is_everything() {
            return false;
        }
    }
    // Signed-in users pass where there is no rule.
    caller.person().is_some()
}

/// The readings relative to the site. All lie in it, see `SiteMap::locate`.
fn relative_paths<'r>(asked: &SiteRequest<'r>) -> impl Iterator<Item = Cow<'r, str>> + use<'r> {
    let SiteRequest { site, readings, .. } = *asked;
    let prefix = site.url.path.as_str();
    let below = move |path: &'r str| match path.strip_prefix(prefix) {
        Some("") | None => "/",
        Some(rest) => rest,
    };
    readings.iter().map(below).flat_map(|path| spellings(path, site.ignore_case))
}

/// The spellings of a path that rules are compared with.
fn spellings(path: &str, ignore_case: bool) -> impl Iterator<Item = Cow<'_, str>> {
    let sent = (!ignore_case).then_some(Cow::Borrowed(path));
    sent.into_iter().chain(ignore_case.then(|| same_names(path)).into_iter().flatten())
}

/// The first rule that names the path and method, with its index.
fn first_rule<'r>(asked: &SiteRequest<'r>, path: &str) -> Option<(usize, &'r Rule)> {
    let SiteRequest { site, method, .. } = *asked;
    let names = |rule: &Rule| rule.methods.is_empty() || rule.methods.contains(method);
    let mut rules = site.rules.iter().enumerate();
    rules.find(|(_, rule)| names(rule) && rule.path.matches(path, site.ignore_case))
}

fn judge_reading(
    asked: &SiteRequest<'_>,
    rule: Option<&Rule>,
    caller: JudgedCaller<'_>,
) -> Decision {
    let from_here = |net: &ipnet::IpNet| net.contains(&asked.client);
    let from = rule.map(|rule| rule.from.as_slice()).unwrap_or_default();
    if !from.is_empty() && !from.iter().any(from_here) {
        return Decision::Refuse(DenialReason::Network);
    }
    let allow = rule.map_or(&[Principal::SignedIn][..], |rule| &rule.allow);
    if allow.iter().any(|who| who.admits(caller)) {
        // A client that acts for itself has no user who could log in again.
        let fresh = rule.and_then(|rule| rule.fresh).filter(|_| caller.person.is_some());
        return fresh.map_or(Decision::Forward, Decision::ForwardIfFresh);
    }
    if caller.is_nobody() { Decision::SignIn } else { Decision::Refuse(DenialReason::NotAllowed) }
}

impl Principal {
    fn admits(&self, caller: JudgedCaller<'_>) -> bool {
        let JudgedCaller { person, client } = caller;
        match self {
            Self::Public | Self::Optional => true,
            Self::SignedIn => person.is_some(),
            Self::Role(role) => person.is_some_and(|(_, roles)| roles.contains(role)),
            Self::Phone(phone) => person.is_some_and(|(number, _)| number == phone),
            Self::Country(country) => {
                person.is_some_and(|(number, _)| number.country() == Some(*country))
            }
            Self::Client(id) => client == Some(id),
        }
    }
}

impl PathPattern {
    /// Whether it is `/*`.
    const fn is_everything(&self) -> bool {
        self.path.is_empty() && self.below
    }

    /// Patterns are ASCII, so ignoring ASCII case is enough.
    fn matches(&self, path: &str, ignore_case: bool) -> bool {
        if self.has_wildcards {
            return self.matches_segments(path, ignore_case);
        }
        let Some((start, rest)) = path.split_at_checked(self.path.len()) else { return false };
        let same =
            if ignore_case { start.eq_ignore_ascii_case(&self.path) } else { start == self.path };
        same && (rest.is_empty() || self.below && rest.starts_with('/'))
    }

    /// Also an empty segment is one: where a rule protects something, no doubled slash leads past it.
    fn matches_segments(&self, path: &str, ignore_case: bool) -> bool {
        let (mut own, mut sent) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), sent.next()) {
                (None, rest) => return rest.is_none() || self.below,
                (Some(WILDCARD), Some(_)) => {}
                (Some(one), Some(other)) if ignore_case && one.eq_ignore_ascii_case(other) => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    }
}

/// Whether a browser navigates to a page, as opposed to a script's or program's request:
/// `Sec-Fetch-Mode: navigate` (Fetch Metadata), or without that header, HTML in `Accept`. A call of gRPC
/// is none, whatever it says besides.
pub fn is_navigation(headers: &HeaderMap) -> bool {
    if is_grpc_call(headers) {
        return false;
    }
    match headers.get("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|accept| accept.to_str().ok())
            .any(|accept| accept.contains("text/html")),
    }
}

/// `application/grpc`, alone or with what the messages are, such as `+proto`. gRPC-Web is another type.
pub fn is_grpc_call(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let Some(kind) = headers.get(CONTENT_TYPE) else { return false };
    let Some((start, rest)) = kind.as_bytes().split_at_checked(GRPC.len()) else { return false };
    start.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';'))
}

/// Whether a person may be taken to have gone to an address: its document fills a window, and it is
/// not fetched ahead. Unlike [`is_navigation`] for what has an effect, which an image, a frame or a
/// prefetch of any page must not have. Programs send none of these headers (Fetch Metadata, `Sec-Purpose`).
pub fn is_visit(headers: &HeaderMap) -> bool {
    let all = |name: &str, wanted: &str| headers.get_all(name).iter().all(|value| value == wanted);
    let ahead = |name: &&str| {
        let mut purposes = headers.get_all(*name).iter();
        purposes.any(|purpose| {
            let purpose = String::from_utf8_lossy(purpose.as_bytes()).to_ascii_lowercase();
            purpose.contains("prefetch") || purpose.contains("preview")
        })
    };
    // Browsers send these headers together; Node.js's `fetch` sends `Sec-Fetch-Mode` alone.
    let tells = headers.contains_key("sec-fetch-dest") || headers.contains_key("sec-fetch-site");
    // One that says whose request it is also says what for.
    let says = headers.contains_key("sec-fetch-mode") || headers.contains_key("sec-fetch-dest");
    // Browsers without Fetch Metadata ask for HTML only where they show it.
    let accepts = |accepted: &http::HeaderValue| accepted == "*/*";
    let shows = if tells {
        says
    } else {
        headers.get(ACCEPT).is_none_or(accepts) || is_navigation(headers)
    };
    shows
        && (!tells || all("sec-fetch-mode", "navigate"))
        && all("sec-fetch-dest", "document")
        && !PURPOSES.iter().any(ahead)
}

/// Whether there is more than one `Authorization` header, which has one value (RFC 9110 §11.6.2):
/// servers differ in which of them they read.
pub fn is_authorized_twice(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().nth(1).is_some()
}

/// By which browsers say that they only fetch ahead; the first is the standard one.
const PURPOSES: [&str; 4] = ["sec-purpose", "purpose", "x-moz", "x-purpose"];
