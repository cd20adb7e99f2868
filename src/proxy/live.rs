use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::access_log::AccessLog;
use super::bearer::Bearers;
use super::drain::Drain;
use super::hsts::HstsHeaders;
use super::settings::Settings;
use super::upstream::Resolver;
use crate::events::Sink;
use crate::gate::{Forwarding, Map};
use crate::metrics::Requests;
use crate::oauth::{Clients, SigningKeys};
use crate::session::Sessions;
use crate::system::System;
use crate::users::Directory;
use crate::web::Web;

/// The one immutable value that configuration decides. A request takes it once, at its start,
/// and uses it to its end.
pub struct Live {
    pub map: Arc<Map>,
    /// Of each site, by its place in `map`, what its app is told of the way there.
    pub forwardings: Vec<Forwarding>,
    /// Of each site, by its place in `map`, what access tokens for it name: its `url`, without a
    /// slash at its end.
    pub(super) audiences: Vec<String>,
    pub(super) clients: Clients,
    pub(super) hsts: HstsHeaders,
    pub directory: Arc<Directory>,
    pub session: crate::session::Settings,
    pub trusted_proxies: Vec<IpNet>,
    pub web: Arc<Web>,
    pub router: axum::Router,
    pub requests: Requests,
}

/// What a [`Live`] is made of.
pub struct LiveParts {
    pub map: Arc<Map>,
    pub directory: Arc<Directory>,
    pub session: crate::session::Settings,
    pub web: Arc<Web>,
    pub clients: Clients,
    /// Counts what becomes of requests to the sites of `map`.
    pub requests: Requests,
}

impl Live {
    pub fn new(parts: LiveParts, settings: &Settings) -> Self {
        let LiveParts { map, directory, session, web, clients, requests } = parts;
        let places = || map.sites().iter().map(|site| &site.place);
        let forwardings = places().map(|place| Forwarding::new(&place.origin)).collect();
        let audiences = places().map(ToString::to_string).collect();
        let router = crate::web::router(&web);
        let hsts = HstsHeaders::new(&map, settings.hsts);
        let trusted_proxies = settings.trusted_proxies.clone();
        Self {
            map,
            forwardings,
            audiences,
            clients,
            hsts,
            directory,
            session,
            trusted_proxies,
            web,
            router,
            requests,
        }
    }
}

/// What every request uses: the configuration of now, and what outlives each of them.
#[derive(Clone)]
pub struct Shared {
    pub live: Arc<ArcSwap<Live>>,
    pub sessions: Arc<Sessions>,
    pub bearers: Arc<Bearers>,
    pub keys: Arc<SigningKeys>,
    pub resolver: Arc<Resolver>,
    pub access_log: Arc<AccessLog>,
    pub drain: Arc<Drain>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}
