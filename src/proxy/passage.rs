//! What a site changes of its requests: the path that the app gets, and the host.
use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue};
use pingora::{Error, ErrorType, Result};
use pingora_http::RequestHeader;

use crate::gate::{self, Site};
use crate::pages::Problem;

const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// Why the site does not pass the path on, if it does not. What is left of a path is judged once
/// more: `/shop//x` is harmless, but `//x` would be taken for a host by some apps.
pub(super) fn refusal(site: &Site, path: &str) -> Option<Problem> {
    if !site.passage.strip_prefix {
        return None;
    }
    let rest = path.strip_prefix(site.place.path.as_str());
    let good = rest.is_some_and(|rest| rest.is_empty() || gate::readings(rest).is_ok());
    (!good).then_some(Problem::BadRequest)
}

/// Makes the request the one that the site's app gets. It was judged before, by its public path.
pub(super) fn prepare(request: &mut RequestHeader, site: &Site) -> Result<()> {
    if site.passage.strip_prefix {
        let prefix = site.place.path.as_bytes();
        let rest = request.raw_path().strip_prefix(prefix);
        let rest = rest.ok_or_else(|| Error::explain(ErrorType::InternalError, "another site"))?;
        let stripped = if rest.starts_with(b"/") { rest.to_vec() } else { [b"/", rest].concat() };
        request.set_raw_path(&stripped)?;
    }
    if let Some(host) = &site.passage.send_host {
        request.insert_header(HOST, host.clone())?;
    }
    Ok(())
}

/// Tells the app what was stripped of its paths.
pub(super) fn tell_prefix(headers: &mut HeaderMap, site: &Site) {
    let prefix = HeaderValue::from_str(&site.place.path);
    // A site's path is plain ASCII.
    if let Some(prefix) = prefix.ok().filter(|_| site.passage.strip_prefix) {
        headers.insert(PREFIX, prefix);
    }
}
