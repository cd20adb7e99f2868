//! Doorcode's pages over a real database, with a trap before every store.
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::sync::Arc;

use doorcode::app::{Decorator, StoreSet};
use doorcode::store::SessionStore as _;
use http::header;

use super::trap::{Trap, trapped};
use crate::support::engines::{Cache, Engines};
use crate::support::settings::Settings;
use crate::support::world::{self, Ask};

pub(super) struct World {
    pub(super) trap: Arc<Trap>,
    pub(super) engines: Option<Arc<Engines>>,
    inner: world::World,
}

/// An answer, as far as these tests tell them apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Below the pages' own path, or nothing.
    pub(super) location: String,
    pub(super) body: String,
}

struct BeforeStores<'t>(&'t Arc<Trap>);

impl Decorator for BeforeStores<'_> {
    fn stores_for_requests(&self, stores: StoreSet) -> StoreSet {
        trapped(stores, self.0)
    }

    fn stores_for_texts(&self, stores: StoreSet) -> StoreSet {
        trapped(stores, self.0)
    }
}

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &world::World {
        &self.inner
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(None).await
    }

    /// With PostgreSQL and this cache.
    pub(super) async fn on(cache: Cache) -> Self {
        Self::with(Some(Arc::new(Engines::start(cache).await))).await
    }

    async fn with(engines: Option<Arc<Engines>>) -> Self {
        let trap = Arc::<Trap>::default();
        let (kept, settings) = (engines.clone(), Settings::in_process(&[]));
        let inner = world::World::on(kept, &settings, &BeforeStores(&trap)).await;
        Self { trap, engines, inner }
    }

    /// After what broke.
    pub(super) fn mend(&self) {
        if let Some(engines) = &self.engines {
            engines.mend();
        }
    }

    /// Waits until a transaction that was left has ended. In a file there is one writer.
    pub(super) async fn settle(&self, name: &str) {
        if let Some(engines) = &self.engines {
            return engines.settle().await;
        }
        let written = self.store.record_last_seen(&[]).await;
        assert!(written.is_ok(), "{name}: the writer is stuck: {written:?}");
    }

    /// What a browser at `address` is answered; `jar` are its cookies.
    pub(super) async fn ask(
        &self,
        (method, target): (&str, &str),
        form: &[(&str, &str)],
        address: IpAddr,
        jar: &mut BTreeMap<String, String>,
    ) -> Answer {
        let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = Ask { method, target, form, cookies: &cookies.join("; "), address };
        let (parts, body) = self.answer(ask).await;
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        let location = parts.headers.get(header::LOCATION).map(|to| to.to_str().unwrap());
        let location = location.and_then(|to| to.strip_prefix("/.doorcode")).unwrap_or_default();
        Answer { status: parts.status.as_u16(), location: location.to_owned(), body }
    }
}

/// An address that nobody else asks from.
pub(super) fn address(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n))
}
