//! What becomes of a request, by the same functions that judge and change the ones that come.
use std::net::IpAddr;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method};
use pingora_core::protocols::http::v1::client::http_req_header_to_wire;
use pingora_http::RequestHeader;

use super::head;
use super::request_id::X_REQUEST_ID;
use super::upstream_request;
use crate::gate::{
    self, Decision, ForwardedHeaders, JudgedCaller, Judgement, RouteMatch, RuleMode, Site, SiteMap,
    SiteRequest,
};

/// A request to explain, without headers but `Host`.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedRequest<'r> {
    pub method: &'r Method,
    /// The value of `Host`.
    pub host: &'r str,
    /// The target as it is sent, with its query.
    pub target: &'r str,
    pub client: IpAddr,
    pub caller: JudgedCaller<'r>,
}

/// What becomes of it.
#[derive(Debug)]
pub enum Explanation<'m> {
    /// The method is not forwarded (405), or the head is too long (431) or malformed (400).
    BadHead {
        status: u16,
    },
    /// Its host or target is refused (400).
    BadTarget {
        why: String,
    },
    /// An app could read the path as one of our own, or as another site's (400).
    Ambiguous {
        readings: Vec<String>,
    },
    /// The host is not ours (404).
    UnknownHost,
    /// No site has the path (404).
    NoSite,
    /// One of our own paths, which no rule is for.
    Own,
    Site(ExplainedSite<'m>),
}

/// What becomes of a request to a site.
#[derive(Debug)]
pub struct ExplainedSite<'m> {
    pub site: &'m Site,
    /// One for each reading of the path.
    pub judgements: Vec<Judgement<'static>>,
    /// What the rules decide, all readings together.
    pub decision: Decision,
    /// The head that the app gets, over HTTP/1.1; `None`: it gets nothing, or another proxy forwards the
    /// requests.
    pub head: Option<Vec<u8>>,
}

impl ExplainedSite<'_> {
    /// Whether the request reaches the app, of somebody who logged in just now.
    pub fn is_forwarded(&self) -> bool {
        let passes = matches!(self.decision, Decision::Forward | Decision::ForwardIfFresh(_));
        passes || self.site.mode == RuleMode::Report
    }
}

/// Explains what becomes of a request, up to its decision.
pub fn explain<'m>(map: &'m SiteMap, asked: &ExplainedRequest<'_>) -> Explanation<'m> {
    match parse(asked) {
        Ok(request) => judge(map, request, asked),
        Err(why) => Explanation::BadTarget { why },
    }
}

/// The request as a client sends it.
///
/// # Errors
/// When the target or the host is malformed.
pub(super) fn parse(asked: &ExplainedRequest<'_>) -> Result<RequestHeader, String> {
    let malformed = |_| "the target is not one of HTTP".to_owned();
    let mut request =
        RequestHeader::build_no_case(asked.method.clone(), asked.target.as_bytes(), None)
            .map_err(malformed)?;
    // Pingora mends some targets; such a head is refused, see `head::matches_parsed`.
    if request.raw_path() != asked.target.as_bytes() {
        return Err("the target holds what an HTTP parser has to mend".to_owned());
    }
    let host = HeaderValue::from_str(asked.host).map_err(|_| "the host is no name".to_owned())?;
    request.insert_header(HOST, host).map_err(malformed)?;
    Ok(request)
}

fn judge<'m>(
    map: &'m SiteMap,
    request: RequestHeader,
    asked: &ExplainedRequest<'_>,
) -> Explanation<'m> {
    if let Some(problem) = head::check(&request) {
        return Explanation::BadHead { status: problem.status().as_u16() };
    }
    let target = head::target(&request);
    let read = target.and_then(|(host, path)| Ok((host, path, gate::readings_past_dots(path)?)));
    let (host, path, readings) = match read {
        Ok(read) => read,
        Err(why) => return Explanation::BadTarget { why: why.to_string() },
    };
    match map.locate(&host, &readings) {
        RouteMatch::UnknownHost => Explanation::UnknownHost,
        RouteMatch::NoSite => Explanation::NoSite,
        RouteMatch::Own(_) => Explanation::Own,
        RouteMatch::Ambiguous => {
            Explanation::Ambiguous { readings: readings.iter().map(str::to_owned).collect() }
        }
        RouteMatch::Site { site, .. } if upstream_request::check_stripped(site, path).is_some() => {
            let why = "the path that is left without that of the site's url is not plain";
            Explanation::BadTarget { why: why.to_owned() }
        }
        RouteMatch::Site { site, .. } => {
            let ExplainedRequest { method, client, caller, .. } = *asked;
            let at = SiteRequest { site, method, readings: &readings, client };
            let decision = gate::strictest(gate::judgements(&at, caller));
            let judgements = gate::judgements(&at, caller).map(Judgement::into_owned).collect();
            let mut explained = ExplainedSite { site, judgements, decision, head: None };
            if explained.is_forwarded() && !site.upstreams.is_empty() {
                explained.head = head_of_app(request, (map, site), asked);
            }
            Explanation::Site(explained)
        }
    }
}

/// The head of the request that the app gets, as it is written to its connection.
fn head_of_app(
    mut request: RequestHeader,
    (map, site): (&SiteMap, &Site),
    asked: &ExplainedRequest<'_>,
) -> Option<Vec<u8>> {
    let forwarded = ForwardedHeaders::new(&site.url.origin);
    let prepared = upstream_request::prepare(&mut request, (site, map.reserved()), |headers| {
        upstream_request::tell_origin(headers, None, Some((&forwarded, asked.client)));
        tell_unknown(headers, site, asked.caller);
        Ok(())
    });
    prepared.ok()?;
    http_req_header_to_wire(&request).map(|head| head.to_vec())
}

/// What each request and login has of its own.
fn tell_unknown(headers: &mut HeaderMap, site: &Site, caller: JudgedCaller<'_>) {
    if let Ok(id) = HeaderValue::from_bytes("… (of each request its own)".as_bytes()) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.extend(site.identity.described(caller));
}
