use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::access_log::AccessLog;
use super::answer_headers::HstsHeaders;
use super::drain::Drain;
use super::settings::Settings;
use super::upstream::Resolver;
use crate::access::Authorizer;
use crate::events::Sink;
use crate::gate::{ForwardedHeaders, Map};
use crate::metrics::Requests;
use crate::system::System;
use crate::web::Web;

/// Everything that the configuration decides, immutable. A request takes it once, at its start.
pub struct Live {
    pub map: Arc<Map>,
    /// By index in [`Map::sites`].
    pub(super) forwarded_headers: Vec<ForwardedHeaders>,
    pub(super) hsts: HstsHeaders,
    pub authorizer: Authorizer,
    pub trusted_proxies: Vec<IpNet>,
    pub web: Arc<Web>,
    pub router: axum::Router,
    pub requests: Requests,
}

/// What a [`Live`] is made of.
pub struct LiveParts {
    pub map: Arc<Map>,
    pub authorizer: Authorizer,
    pub web: Arc<Web>,
    /// Counters for the sites of `map`.
    pub requests: Requests,
}

impl Live {
    pub fn new(parts: LiveParts, settings: &Settings) -> Self {
        let LiveParts { map, authorizer, web, requests } = parts;
        let origins = map.sites().iter().map(|site| &site.place.origin);
        Self {
            forwarded_headers: origins.map(ForwardedHeaders::new).collect(),
            hsts: HstsHeaders::new(&map, settings.hsts),
            trusted_proxies: settings.trusted_proxies.clone(),
            router: crate::web::router(&web),
            map,
            authorizer,
            web,
            requests,
        }
    }
}

/// What every request uses: the current configuration, and what outlives configurations.
#[derive(Clone)]
pub struct Shared {
    pub snapshot: Arc<ArcSwap<Live>>,
    pub resolver: Arc<Resolver>,
    pub access_log: Arc<AccessLog>,
    pub drain: Arc<Drain>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}
