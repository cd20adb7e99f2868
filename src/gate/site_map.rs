use super::reserved::ReservedNames;
use super::same_names::{is_certain, same_names};
use super::sites::Site;
use super::target::Readings;
use crate::domain::Origin;
use crate::oauth::{AssertionFormat, Issuer};

/// Every origin and path that this server answers for: the issuer's, those of the sites, and our own
/// below the reserved prefix of each.
#[derive(Debug)]
pub struct SiteMap {
    issuer: Issuer,
    /// The reserved prefix of every site, such as `/.doorcode`.
    prefix: String,
    /// Longest path first, so that the first match is the most specific.
    sites: Vec<Site>,
    reserved: ReservedNames,
    /// The configured origin of each authority.
    origins: Vec<(String, Origin)>,
    /// Where clients look for the metadata of an issuer that has a path (RFC 8414 §3.1).
    metadata: Vec<String>,
}

/// Where apps that verify Pomerium's assertions fetch the keys from their own host.
const POMERIUM_KEYS: &str = "/.well-known/pomerium/jwks.json";

/// Well-known names of the issuer's metadata, which its path follows.
const METADATA: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// What a request's host and path are.
#[derive(Debug)]
pub enum RouteMatch<'m> {
    /// Neither a site's host nor the issuer's. The answer tells nothing of them.
    UnknownHost,
    /// The host is known, but no site has this path.
    NoSite,
    /// One of our own paths.
    Own(OwnPath<'m>),
    /// `index`: of `site` in [`SiteMap::sites`].
    Site { index: usize, site: &'m Site },
    /// An upstream could read the path as one of ours, which never reach an upstream, or as one
    /// outside the site.
    Ambiguous,
}

/// The place of one of our own paths.
#[derive(Clone, Copy, Debug)]
pub struct OwnPath<'m> {
    pub origin: &'m Origin,
    /// What precedes our paths on this origin: `""` or the reserved prefix.
    pub base: &'m str,
    /// Whether the issuer's endpoints are here.
    pub issuer: bool,
    /// Whether a site is on this origin.
    pub site: bool,
}

impl SiteMap {
    pub fn new(issuer: Issuer, prefix: String, mut sites: Vec<Site>) -> Self {
        sites.sort_by_key(|site| std::cmp::Reverse(site.url.path.len()));
        let places = sites.iter().map(|site| &site.url.origin);
        let mut origins: Vec<(String, Origin)> = Vec::new();
        for origin in places.chain([issuer.origin()]) {
            // Some clients write the scheme's default port too (RFC 9110 §4.2.3).
            let whole = format!("{}:{}", origin.host(), origin.port());
            for authority in [origin.authority(), whole] {
                if !origins.iter().any(|(known, _)| *known == authority) {
                    origins.push((authority, origin.clone()));
                }
            }
        }
        let reserved = ReservedNames::new(sites.iter().map(|site| &site.identity));
        let metadata = METADATA.map(|name| format!("{name}{}", issuer.base())).to_vec();
        Self { issuer, prefix, sites, reserved, origins, metadata }
    }

    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The header names that are removed from what clients send.
    pub const fn reserved(&self) -> &ReservedNames {
        &self.reserved
    }

    /// The site of an origin and path, for the return after a login.
    pub fn site_at(&self, origin: &Origin, path: &str) -> Option<&Site> {
        self.nearest(origin, path, false).map(|index| &self.sites[index])
    }

    /// Whether a login may return to this path: one of a site, or one of ours.
    pub fn is_page(&self, origin: &Origin, path: &str) -> bool {
        let own = || self.origins.iter().any(|(_, known)| known == origin);
        let issuers = self.issuer.origin() == origin && is_below(path, self.issuer.base());
        self.site_at(origin, path).is_some() || issuers || (is_below(path, &self.prefix) && own())
    }

    /// The site with the longest path that `path` lies below.
    fn nearest(&self, origin: &Origin, path: &str, ignore_case: bool) -> Option<usize> {
        let below = |site: &Site| {
            if ignore_case {
                is_below(&path.to_lowercase(), &site.url.path.to_lowercase())
            } else {
                is_below(path, &site.url.path)
            }
        };
        self.sites.iter().position(|site| site.url.origin == *origin && below(site))
    }

    /// Whether every reading lies in this site: none among our own paths, and none in another site,
    /// whose rules would be bypassed when both sites share an app.
    fn is_in_every_reading(&self, index: usize, readings: &Readings<'_>) -> bool {
        let Site { url: place, ignore_case, .. } = &self.sites[index];
        let own = |path: &str| is_below(&path.to_lowercase(), &self.prefix.to_lowercase());
        let here_too =
            |path: &str| self.nearest(&place.origin, path, true) == Some(index) && !own(path);
        let here = |path| {
            let by_any_name = || is_certain(path) && same_names(path).all(|path| here_too(&path));
            self.nearest(&place.origin, path, false) == Some(index)
                && (!ignore_case || by_any_name())
        };
        readings.iter().all(here)
    }

    /// The configured origin of an authority; `None` for a host that is not ours.
    pub fn origin_of(&self, authority: &str) -> Option<&Origin> {
        self.origins.iter().find(|(known, _)| known == authority).map(|(_, origin)| origin)
    }

    /// The https origin on the host of an authority, whatever its port; of several the one on the usual
    /// port.
    pub fn https_origin_at(&self, authority: &str) -> Option<&Origin> {
        let authority: http::uri::Authority = authority.parse().ok()?;
        let known = self
            .origins
            .iter()
            .map(|(_, origin)| origin)
            .filter(|origin| origin.is_https() && origin.host().as_str() == authority.host());
        known.min_by_key(|origin| origin.port() != 443)
    }

    /// Matches a request by its authority and by every reading of its path.
    pub fn locate(&self, authority: &str, readings: &Readings<'_>) -> RouteMatch<'_> {
        let Some(origin) = self.origin_of(authority) else { return RouteMatch::UnknownHost };
        let own = |base| {
            let issuer = self.issuer.origin() == origin;
            let site = self.sites.iter().any(|site| site.url.origin == *origin);
            OwnPath { origin, base, issuer: issuer && self.issuer.base() == base, site }
        };
        let mut ours = readings.iter().map(|path| is_below(path, &self.prefix));
        if ours.next() == Some(true) {
            return RouteMatch::Own(own(self.prefix.as_str()));
        }
        if ours.any(|ours| ours) {
            return RouteMatch::Ambiguous;
        }
        let sent = readings.iter().next().unwrap_or_default();
        if sent == POMERIUM_KEYS && self.serves_pomerium_apps(origin) {
            return RouteMatch::Own(OwnPath { origin, base: "", issuer: false, site: true });
        }
        if !self.issuer.base().is_empty()
            && self.issuer.origin() == origin
            && self.metadata.iter().any(|path| path == sent)
        {
            let OwnPath { site, .. } = own("");
            return RouteMatch::Own(OwnPath { origin, base: "", issuer: true, site });
        }
        match self.nearest(origin, sent, false) {
            Some(index) if !self.is_in_every_reading(index, readings) => RouteMatch::Ambiguous,
            Some(index) => RouteMatch::Site { index, site: &self.sites[index] },
            None if self.issuer.origin() == origin && self.issuer.base().is_empty() => {
                RouteMatch::Own(own(""))
            }
            None => RouteMatch::NoSite,
        }
    }

    /// Whether an app on this origin verifies assertions in Pomerium's format.
    fn serves_pomerium_apps(&self, origin: &Origin) -> bool {
        let expects = |site: &Site| {
            site.identity.assertion_formats().any(|style| style == AssertionFormat::Pomerium)
        };
        self.sites.iter().any(|site| site.url.origin == *origin && expects(site))
    }
}

/// Whether `path` is `prefix` or lies below it.
pub(super) fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || prefix.is_empty()
}
