//! The request that a site's app gets: its path and `Host`, as the site's options say.
use std::net::IpAddr;

use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue};
use pingora::{Error, ErrorType, Result};
use pingora_http::RequestHeader;

use super::destination;
use super::headers;
use super::request_id;
use crate::gate::{self, ForwardedHeaders, ReservedNames, Site};
use crate::pages::Problem;

/// `TE` where trailers are passed on (RFC 9110 §10.1.4), without which gRPC's servers answer nothing.
pub(super) const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The problem with the path that is left when the site's own is removed; `None`: it is sent. Checked
/// once more, since `/shop//x` is harmless but some apps take `//x` for a host.
pub(super) fn check_stripped(site: &Site, path: &str) -> Option<Problem> {
    if !site.upstream_options.strip_prefix {
        return None;
    }
    let rest = path.strip_prefix(site.url.path.as_str());
    let good = rest.is_some_and(|rest| rest.is_empty() || gate::readings_past_dots(rest).is_ok());
    (!good).then_some(Problem::BadRequest)
}

/// Makes a request that may pass the one that the site's app gets; `tell` writes what the app is told.
///
/// # Errors
/// When the path does not lie in the site, and those of `tell`.
pub(super) fn prepare(
    request: &mut RequestHeader,
    (site, reserved): (&Site, &ReservedNames),
    tell: impl FnOnce(&mut HeaderMap) -> Result<()>,
) -> Result<()> {
    apply_options(request, site)?;
    headers::rewrite(request, |headers| {
        headers::clean_request(headers, reserved, site.has_method_rules());
        strip_prefix(headers, site);
        tell(headers)
    })
}

/// Writes the headers that tell an app which request it is, and where it comes from.
pub(super) fn tell_origin(
    headers: &mut HeaderMap,
    id: Option<&HeaderValue>,
    forwarded: Option<(&ForwardedHeaders, IpAddr)>,
) {
    request_id::set(headers, id);
    if let Some((forwarded, client)) = forwarded {
        forwarded.write(client, headers);
    }
}

/// Applies the site's options to a request that was authorized by its public path.
///
/// # Errors
/// When the path does not lie in the site.
fn apply_options(request: &mut RequestHeader, site: &Site) -> Result<()> {
    if site.upstream_options.strip_prefix {
        let prefix = site.url.path.as_bytes();
        let other_site = || Error::explain(ErrorType::InternalError, "another site");
        let rest = request.raw_path().strip_prefix(prefix).ok_or_else(other_site)?;
        let stripped = if rest.starts_with(b"/") { rest.to_vec() } else { [b"/", rest].concat() };
        request.set_raw_path(&stripped)?;
    }
    if let Some(host) = &site.upstream_options.send_host {
        request.insert_header(HOST, host.clone())?;
    }
    Ok(())
}

/// Where the site's own path is removed from the request's: writes `X-Forwarded-Prefix`, and removes it
/// from `Destination` too.
fn strip_prefix(headers: &mut HeaderMap, site: &Site) {
    if !site.upstream_options.strip_prefix {
        return;
    }
    // A site's path is plain ASCII.
    if let Ok(prefix) = HeaderValue::from_str(&site.url.path) {
        headers.insert(FORWARDED_PREFIX, prefix);
    }
    destination::strip_prefix(headers, &site.url);
}
