//! `Strict-Transport-Security` (RFC 6797): said of hosts that are served with https, and of no
//! other; never of their subdomains, which may not be ours.
use http::HeaderValue;

use crate::domain::Origin;
use crate::gate::{Hsts, Map};

/// What is said where, made once for each configuration.
pub(super) struct HstsHeaders {
    /// Of each site, by its place in the map.
    sites: Vec<Option<HeaderValue>>,
    /// Of each origin that has pages of ours.
    origins: Vec<(Origin, Option<HeaderValue>)>,
}

impl HstsHeaders {
    /// `own`: where no site says otherwise.
    pub(super) fn new(map: &Map, own: Hsts) -> Self {
        let said = |origin: &Origin, hsts: Hsts| match hsts {
            Hsts::For(time) if origin.is_https() => {
                HeaderValue::from_str(&format!("max-age={}", time.as_secs())).ok()
            }
            Hsts::For(_) | Hsts::Off => None,
        };
        let sites = map.sites().iter();
        let sites: Vec<_> = sites.map(|site| said(&site.place.origin, site.hsts)).collect();
        let issuer = map.issuer().origin();
        // The last site of an origin is the one nearest its root.
        let places = map.sites().iter().map(|site| site.place.origin.clone());
        let mut origins: Vec<_> = places.zip(sites.iter().cloned()).rev().collect();
        origins.push((issuer.clone(), said(issuer, own)));
        Self { sites, origins }
    }

    pub(super) fn of_site(&self, index: usize) -> Option<HeaderValue> {
        self.sites.get(index)?.clone()
    }

    pub(super) fn of_own(&self, origin: &Origin) -> Option<HeaderValue> {
        self.origins.iter().find(|(known, _)| known == origin)?.1.clone()
    }
}
