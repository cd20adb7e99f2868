use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, STRICT_TRANSPORT_SECURITY, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::request_id::X_REQUEST_ID;
use crate::domain::Origin;
use crate::gate::{CorsPolicy, Hsts, Site, SiteMap};

const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// Headers of the answer to a request, whether it is ours or the app's.
#[derive(Debug, Default)]
pub(super) struct AnswerHeaders {
    /// `None` only before the request was read.
    pub(super) request_id: Option<HeaderValue>,
    pub(super) hsts: Option<HeaderValue>,
    pub(super) cors: CorsPolicy,
}

impl AnswerHeaders {
    pub(super) fn apply_to_own(&self, headers: &mut HeaderMap) {
        for (name, value) in self.fixed().chain(self.cors_headers()) {
            headers.insert(name, value);
        }
        if self.cors.vary_by_origin {
            headers.append(VARY, VARY_ORIGIN);
        }
    }

    /// To an app's answer, after [`super::headers::clean_response`].
    pub(super) fn apply_to_upstream(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.request_id {
            headers.insert(X_REQUEST_ID, id.clone());
        }
        // An app's own header may say more, such as `includeSubDomains`.
        if let Some(hsts) = &self.hsts
            && !headers.contains_key(STRICT_TRANSPORT_SECURITY)
        {
            headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if !self.cors.replaces_app_headers {
            return;
        }
        // The operator decides who may read what needs a login, not the app.
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        for (name, value) in self.cors_headers() {
            headers.insert(name, value);
        }
        headers.append(VARY, VARY_ORIGIN);
    }

    fn fixed(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let id = self.request_id.iter().map(|id| (X_REQUEST_ID, id.clone()));
        id.chain(self.hsts.iter().map(|hsts| (STRICT_TRANSPORT_SECURITY, hsts.clone())))
    }

    /// Lets scripts of the listed origin read the answer.
    fn cors_headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.cors.allowed_origin.iter().flat_map(|origin| {
            [
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
                (ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE),
            ]
        })
    }
}

/// The `Strict-Transport-Security` headers (RFC 6797) of a configuration. Only for https, and never
/// for subdomains, which may not be ours.
pub(super) struct HstsHeaders {
    /// By index in [`SiteMap::sites`].
    sites: Vec<Option<HeaderValue>>,
    /// Of each origin that has own paths.
    origins: Vec<(Origin, Option<HeaderValue>)>,
}

impl HstsHeaders {
    /// `own`: for the issuer's origin, where no site says otherwise.
    pub(super) fn new(map: &SiteMap, own: Hsts) -> Self {
        let of_site = |site: &Site| hsts_value(&site.url.origin, site.hsts);
        let sites: Vec<_> = map.sites().iter().map(of_site).collect();
        let issuer = map.issuer().origin();
        // The last site of an origin is the one nearest its root.
        let places = map.sites().iter().map(|site| site.url.origin.clone());
        let mut origins: Vec<_> = places.zip(sites.iter().cloned()).rev().collect();
        origins.push((issuer.clone(), hsts_value(issuer, own)));
        Self { sites, origins }
    }

    pub(super) fn of_site(&self, index: usize) -> Option<HeaderValue> {
        self.sites.get(index)?.clone()
    }

    pub(super) fn of_own(&self, origin: &Origin) -> Option<HeaderValue> {
        self.origins.iter().find(|(known, _)| known == origin)?.1.clone()
    }
}

fn hsts_value(origin: &Origin, hsts: Hsts) -> Option<HeaderValue> {
    match hsts {
        Hsts::MaxAge(time) if origin.is_https() => {
            HeaderValue::from_str(&format!("max-age={}", time.as_secs())).ok()
        }
        Hsts::MaxAge(_) | Hsts::Off => None,
    }
}
