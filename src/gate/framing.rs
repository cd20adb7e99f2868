//! Sites that pages of other origins show in a frame (`framed_by`). Their cookies there are
//! `SameSite=None; Partitioned`: browsers send them with requests that any page makes below the same
//! top-level site, so that what `SameSite=Lax` keeps away is refused here.
use http::header::ORIGIN;
use http::{HeaderMap, Method};

use super::cookies::Cookies;
use super::cross_origin::{is_foreign, is_guarded, is_welcome};
use super::decide::is_navigation;
use super::framed_by::FramedBy;
use super::site_map::{SiteMap, is_below};
use super::sites::Site;
use crate::domain::{Origin, OriginPattern};

impl SiteMap {
    /// Who may frame the sites of an origin; `None`: nobody. Sites of one host have the same list, or
    /// none.
    pub fn framed_by(&self, origin: &Origin) -> Option<&FramedBy> {
        let here = self.sites().iter().filter(|site| site.url.origin == *origin);
        here.map(|site| &site.framed_by).find(|framed_by| !framed_by.is_empty())
    }

    /// Who may frame a login that leads to this path; `None`: nobody, also where it is one of ours.
    pub fn login_framed_by(&self, origin: &Origin, path: &str) -> Option<&FramedBy> {
        let site = self.site_at(origin, path).filter(|_| !is_below(path, self.prefix()))?;
        Some(&site.framed_by).filter(|framed_by| !framed_by.is_empty())
    }
}

/// The values of `Sec-Fetch-Dest` of documents inside of other documents (Fetch Metadata §2.1).
const FRAMES: [&str; 4] = ["iframe", "frame", "embed", "object"];

/// Whether a browser asks for a document for a frame.
pub fn is_for_frame(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| FRAMES.iter().any(|frame| dest == *frame))
}

/// Whether a page of another site made a safe request for a part of it, such as an image, a script or
/// data. Browsers send no `SameSite=Lax` cookie with such a request, but those of a frame.
fn is_part_of_other_site(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    !is_guarded(method, headers)
        && headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
        && !is_navigation(headers)
        && !is_welcome(headers, &site.url.origin, &site.allowed_origins)
}

/// The session cookies that count for a request to a site, in this order. Both come with it only where a
/// frame and the page around it are of one site: the frame then has the login of the site itself.
pub fn session_cookies(
    method: &Method,
    headers: &HeaderMap,
    site: &Site,
) -> impl Iterator<Item = Cookies> {
    let usual = Cookies::for_origin(&site.url.origin);
    let in_frame = !site.framed_by.is_empty() && !is_part_of_other_site(method, headers, site);
    [Some(usual), in_frame.then(|| usual.framed())].into_iter().flatten()
}

/// Whether a session cookie does not authorize a request to `site`, see [`is_foreign`]. Where others
/// may frame the site, a request that does not say where it comes from is refused as well.
pub fn is_foreign_to_session(method: &Method, headers: &HeaderMap, site: &Site) -> bool {
    let (own, listed) = (&site.url.origin, &site.allowed_origins);
    if site.framed_by.is_empty() {
        is_foreign(method, headers, own, listed)
    } else {
        is_unproven(method, headers, own, listed)
    }
}

/// The same for one of our own pages at `own`: with a cookie of a frame, the request has to say that
/// it comes from one of them.
pub fn is_foreign_to_own_page(method: &Method, headers: &HeaderMap, own: &Origin) -> bool {
    let is_framed = Cookies::for_origin(own).framed().has_any(headers);
    is_foreign(method, headers, own, &[]) || is_framed && is_unproven(method, headers, own, &[])
}

/// Whether nothing proves that an unsafe request, or a websocket handshake, was made by a page of the
/// origin `own` or a `listed` one: neither `Origin` nor, where that is missing, `Sec-Fetch-Site`.
fn is_unproven(
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
    let mut sites = headers.get_all("sec-fetch-site").iter();
    !matches!((sites.next(), sites.next()), (Some(site), None) if site == "same-origin")
}
