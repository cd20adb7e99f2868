use std::sync::Arc;

use super::identity::Introduction;
use super::reserved::Reserved;
use super::sites::Site;
use super::target::Readings;
use crate::domain::Origin;
use crate::oauth::{Issuer, Style};

/// Everything that this server answers for: its own pages and the sites behind it.
#[derive(Debug)]
pub struct Map {
    issuer: Issuer,
    /// The reserved prefix of every site, such as `/.doorcode`.
    prefix: String,
    /// Longest path first, so that the first that fits is the nearest.
    sites: Vec<Site>,
    /// Of each site, how its app is told who calls.
    introductions: Vec<Arc<Introduction>>,
    reserved: Reserved,
    /// Of each host and port: the origin that it is configured with.
    origins: Vec<(String, Origin)>,
}

/// Where apps that verify Pomerium's assertions ask their own host for its keys.
const POMERIUM_KEYS: &str = "/.well-known/pomerium/jwks.json";

/// Where a request belongs.
#[derive(Debug)]
pub enum Located<'m> {
    /// No site and not the issuer: the right URLs are told.
    UnknownHost,
    /// The host is known, but no site has this path.
    NoSite,
    /// One of our own paths: what comes after the prefix.
    Own(Own<'m>),
    /// `index` is the site's place in [`Map::sites`].
    Site { index: usize, origin: &'m Origin },
    /// An upstream could read the path as one of ours, which never reach an upstream, or as one
    /// outside of its site.
    Disguised,
}

/// One of our own paths, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Own<'m> {
    pub origin: &'m Origin,
    /// What precedes our paths on this host: `""` or the reserved prefix.
    pub base: &'m str,
    /// Whether the pages of the issuer are here.
    pub issuer: bool,
    /// Whether sites are on this host.
    pub site: bool,
}

impl Map {
    pub fn new(issuer: Issuer, prefix: String, mut sites: Vec<Site>) -> Self {
        sites.sort_by_key(|site| std::cmp::Reverse(site.place.path.len()));
        let places = sites.iter().map(|site| &site.place.origin);
        let mut origins: Vec<(String, Origin)> = Vec::new();
        for origin in places.chain([issuer.origin()]) {
            // Some clients name the scheme's own port too (RFC 9110 §4.2.3).
            let whole = format!("{}:{}", origin.host(), origin.port());
            for authority in [origin.authority(), whole] {
                if !origins.iter().any(|(known, _)| *known == authority) {
                    origins.push((authority, origin.clone()));
                }
            }
        }
        let introductions = sites.iter().map(|site| Arc::new(Introduction::new(&issuer, site)));
        let introductions = introductions.collect();
        let reserved = Reserved::new(sites.iter().map(|site| &site.identity));
        Self { issuer, prefix, sites, introductions, reserved, origins }
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

    /// How the app of the site at this place in [`Self::sites`] is told who calls.
    pub fn introduction(&self, site: usize) -> Option<&Arc<Introduction>> {
        self.introductions.get(site)
    }

    /// The header names that only we may write.
    pub const fn reserved(&self) -> &Reserved {
        &self.reserved
    }

    /// The site whose pages an origin and path are, for the way back after login.
    pub fn site_at(&self, origin: &Origin, path: &str) -> Option<&Site> {
        self.nearest(origin, path, false).map(|index| &self.sites[index])
    }

    /// Whether a login may lead to this path: to a page of a site, or to one of our own.
    pub fn is_page(&self, origin: &Origin, path: &str) -> bool {
        let own = || self.origins.iter().any(|(_, known)| known == origin);
        let issuers = self.issuer.origin() == origin && is_below(path, self.issuer.base());
        self.site_at(origin, path).is_some() || issuers || (is_below(path, &self.prefix) && own())
    }

    /// The site with the longest path that `path` lies below.
    fn nearest(&self, origin: &Origin, path: &str, ignore_case: bool) -> Option<usize> {
        let below = |site: &Site| {
            if ignore_case {
                is_below(&path.to_lowercase(), &site.place.path.to_lowercase())
            } else {
                is_below(path, &site.place.path)
            }
        };
        self.sites.iter().position(|site| site.place.origin == *origin && below(site))
    }

    /// Whether no reading lies outside of the site, among our own paths or in another site, whose
    /// rules would be passed over: two sites may share their app.
    fn is_in_every_reading(&self, index: usize, readings: &Readings<'_>) -> bool {
        let Site { place, ignore_case, .. } = &self.sites[index];
        let own = |path: &str| is_below(&path.to_lowercase(), &self.prefix.to_lowercase());
        let here = |path| {
            let in_any_case =
                || self.nearest(&place.origin, path, true) == Some(index) && !own(path);
            self.nearest(&place.origin, path, false) == Some(index)
                && (!ignore_case || in_any_case())
        };
        readings.iter().all(here)
    }

    /// Finds where a request belongs by its host and by every reading of its path.
    pub fn locate(&self, authority: &str, readings: &Readings<'_>) -> Located<'_> {
        let Some((_, origin)) = self.origins.iter().find(|(known, _)| known == authority) else {
            return Located::UnknownHost;
        };
        let own = |base| {
            let issuer = self.issuer.origin() == origin;
            let site = self.sites.iter().any(|site| site.place.origin == *origin);
            Own { origin, base, issuer: issuer && self.issuer.base() == base, site }
        };
        let mut ours = readings.iter().map(|path| is_below(path, &self.prefix));
        if ours.next() == Some(true) {
            return Located::Own(own(self.prefix.as_str()));
        }
        if ours.any(|ours| ours) {
            return Located::Disguised;
        }
        let sent = readings.iter().next().unwrap_or_default();
        if sent == POMERIUM_KEYS && self.is_taken_for_pomerium(origin) {
            return Located::Own(Own { origin, base: "", issuer: false, site: true });
        }
        match self.nearest(origin, sent, false) {
            Some(index) if !self.is_in_every_reading(index, readings) => Located::Disguised,
            Some(index) => Located::Site { index, origin },
            None if self.issuer.origin() == origin && self.issuer.base().is_empty() => {
                Located::Own(own(""))
            }
            None => Located::NoSite,
        }
    }

    /// Whether an app at this origin expects of it what Pomerium answers.
    fn is_taken_for_pomerium(&self, origin: &Origin) -> bool {
        let expects = |site: &Site| site.identity.styles().any(|style| style == Style::Pomerium);
        self.sites.iter().any(|site| site.place.origin == *origin && expects(site))
    }
}

/// Whether `path` is `prefix` or lies below it.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || prefix.is_empty()
}
