use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::access_log::AccessLog;
use super::answer_headers::HstsHeaders;
use super::drain::{Drain, DrainSignal};
use super::exchanges::Exchanges;
use super::settings::ProxySettings;
use super::upstream::{UpstreamPools, Upstreams};
use crate::access::Authorizer;
use crate::acme::Challenges;
use crate::events::EventSink;
use crate::gate::{ForwardAuthSettings, ForwardedHeaders, Site, SiteMap};
use crate::metrics::RequestCounters;
use crate::system::System;
use crate::web::Web;

/// Everything that the configuration decides, immutable. A request takes it once, at its start.
pub struct ConfigSnapshot {
    /// That of the file, in hexadecimal.
    pub(super) digest: String,
    pub map: Arc<SiteMap>,
    /// By index in [`SiteMap::sites`].
    pub(super) forwarded_headers: Vec<ForwardedHeaders>,
    pub(super) hsts: HstsHeaders,
    pub authorizer: Authorizer,
    pub trusted_proxies: Vec<IpNet>,
    pub(super) forward_auth: ForwardAuthSettings,
    pub web: Arc<Web>,
    pub router: axum::Router,
    pub requests: RequestCounters,
    pub(super) pools: UpstreamPools,
    /// By index too: what ends the long-lived requests of a site that is no longer there.
    pub(super) site_ends: Vec<Arc<DrainSignal>>,
}

/// What a [`ConfigSnapshot`] is made of.
pub struct ConfigSnapshotDeps {
    /// That of the file, in hexadecimal.
    pub digest: String,
    pub map: Arc<SiteMap>,
    pub authorizer: Authorizer,
    pub web: Arc<Web>,
    /// Counters for the sites of `map`.
    pub requests: RequestCounters,
    /// The upstreams of the sites of `map`.
    pub pools: UpstreamPools,
}

impl ConfigSnapshot {
    pub fn new(parts: ConfigSnapshotDeps, settings: &ProxySettings) -> Self {
        let ConfigSnapshotDeps { digest, map, authorizer, web, requests, pools } = parts;
        let origins = map.sites().iter().map(|site| &site.url.origin);
        Self {
            digest,
            forwarded_headers: origins.map(ForwardedHeaders::new).collect(),
            hsts: HstsHeaders::new(&map, settings.hsts),
            trusted_proxies: settings.trusted_proxies.clone(),
            forward_auth: settings.forward_auth.clone(),
            router: crate::web::router(&web),
            site_ends: map.sites().iter().map(|_| Arc::default()).collect(),
            map,
            authorizer,
            web,
            requests,
            pools,
        }
    }

    /// Sites that are in `former` too keep their long-lived requests. Returns what ends those of the
    /// others.
    pub fn take_over(&mut self, former: &Self) -> Vec<Arc<DrainSignal>> {
        let mut gone = Vec::new();
        for (old, end) in former.map.sites().iter().zip(&former.site_ends) {
            let is_same = |new: &Site| new.name == old.name && new.url == old.url;
            match self.map.sites().iter().position(is_same) {
                Some(at) => self.site_ends[at] = Arc::clone(end),
                None => gone.push(Arc::clone(end)),
            }
        }
        gone
    }
}

/// What every request uses: the current configuration, and what outlives configurations.
#[derive(Clone)]
pub struct Shared {
    pub snapshot: Arc<ArcSwap<ConfigSnapshot>>,
    pub upstreams: Arc<Upstreams>,
    pub access_log: Arc<AccessLog>,
    pub drain: Arc<Drain>,
    pub exchanges: Exchanges,
    pub events: Arc<dyn EventSink>,
    /// What authorities may ask for at the plain http listener.
    pub challenges: Arc<Challenges>,
    pub system: System,
}
