//! The servers that share a database: each gives signs of life, and looks at those of the others.
use std::error::Error;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::database::on_database;
use super::other_nodes::{LIFE, NodeNews, OtherNodes, differs};
use super::users::time;
use crate::config::Config;
use crate::domain::{Keyring, NodeId};
use crate::metrics::{self, ObservedState};
use crate::proxy::{BackgroundJob, ListenAddress};
use crate::store::{
    CacheSettings, CellKey, CellStore, Database, NodeDescription, NodeStore, RedisCells, SqlStore,
    StoreError, StoredNode,
};
use crate::system::System;

/// The cache that is not shared.
const MEMORY: &str = CacheSettings::Memory.name();
/// Interval of signs of life.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long the mark of a Redis lasts. It may be lost at any time: then there is another.
const MARK_LASTS: Duration = Duration::from_hours(24);
/// How many hexadecimal digits of a digest are enough to tell two apart.
const SETTINGS_DIGITS: usize = 12;

/// What a node knows of the others.
#[derive(Debug, Default)]
pub(super) struct NodeStatus {
    /// Why this node may not serve.
    conflict: Mutex<Option<String>>,
    live: AtomicU64,
    different: AtomicU64,
    /// Whether this node has left. Held during a sign of life, so that none comes after that.
    has_left: tokio::sync::Mutex<bool>,
}

impl NodeStatus {
    /// Of a node that shares its database with no other.
    pub(super) fn alone() -> Self {
        Self { live: AtomicU64::new(1), ..Self::default() }
    }

    pub(super) fn conflict(&self) -> Option<String> {
        self.conflict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_conflict(&self, conflict: Option<String>) {
        *self.conflict.lock().unwrap_or_else(PoisonError::into_inner) = conflict;
    }

    /// Takes a node that ends off the list, so that the next one need not wait until it counts as dead.
    pub(super) async fn leave(&self, store: &SqlStore, node: Option<NodeId>) {
        let Some(node) = node else { return };
        *self.has_left.lock().await = true;
        if let Err(error) = store.remove_node(node).await {
            tracing::warn!(%error, "failed to take this server off the list of nodes");
        }
    }

    pub(super) fn watched(self: &Arc<Self>) -> [ObservedState; 2] {
        let (live, different) = (Arc::clone(self), Arc::clone(self));
        [
            ObservedState {
                row: &metrics::NODES,
                now: Box::new(move || live.live.load(Ordering::Relaxed)),
            },
            ObservedState {
                row: &metrics::NODES_WITH_OTHER_SETTINGS,
                now: Box::new(move || different.different.load(Ordering::Relaxed)),
            },
        ]
    }
}

/// Gives the signs of life of this node, and judges those of the others.
pub(super) struct Heartbeat {
    store: Arc<SqlStore>,
    redis: Option<Arc<RedisCells>>,
    node: NodeDescription,
    settings: NodeSettings,
    system: System,
    status: Arc<NodeStatus>,
    /// The process that this one takes the place of: it ends, whatever cache it has.
    predecessor: Option<NodeId>,
}

/// The digest of what a node runs with.
#[derive(Clone, Debug)]
pub(super) struct NodeSettings(Arc<ArcSwap<String>>);

impl NodeSettings {
    /// A node runs with this from now on.
    pub(super) fn set(&self, config: &Config, keyring: &Keyring) {
        self.0.store(Arc::new(settings(config, keyring)));
    }
}

impl Heartbeat {
    /// `None` for a database that is a file: one machine, whose operator starts one server.
    pub(super) fn new(
        config: &Config,
        keyring: &Keyring,
        store: &Arc<SqlStore>,
        system: &System,
    ) -> Option<Self> {
        let Database::Postgres(_) = config.store.database else { return None };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let address = config.proxy.listen.iter().find_map(ListenAddress::tcp);
        let port = address.map(|address| address.port()).unwrap_or_default();
        let node = NodeDescription {
            id: NodeId::from_bytes(system.random()),
            name: format!("{host}:{port}"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: settings(config, keyring),
            cache: config.store.cache.name().to_owned(),
            began: system.now(),
        };
        // Nothing is known of the others yet.
        let looking = Mutex::new(Some("looking for other servers".to_owned()));
        let status = Arc::new(NodeStatus { conflict: looking, ..NodeStatus::alone() });
        let settings = NodeSettings(Arc::new(ArcSwap::from_pointee(node.settings.clone())));
        let (store, system) = (Arc::clone(store), system.clone());
        Some(Self { store, redis: None, node, settings, system, status, predecessor: None })
    }

    /// With the Redis that nodes must have in common.
    pub(super) fn on(self, redis: Option<&Arc<RedisCells>>) -> Self {
        Self { redis: redis.map(Arc::clone), ..self }
    }

    /// In the place of another node, if there is one.
    pub(super) fn in_place_of(self, predecessor: Option<NodeId>) -> Self {
        Self { predecessor, ..self }
    }

    pub(super) fn status(&self) -> Arc<NodeStatus> {
        Arc::clone(&self.status)
    }

    pub(super) fn settings(&self) -> NodeSettings {
        self.settings.clone()
    }

    pub(super) const fn id(&self) -> NodeId {
        self.node.id
    }

    pub(super) fn job(self) -> BackgroundJob {
        BackgroundJob { name: "nodes", run: Box::pin(self.run()) }
    }

    async fn run(mut self) {
        let mut others = OtherNodes::default();
        loop {
            self.look_at_redis().await;
            self.node.settings.clone_from(&self.settings.0.load());
            match self.look().await {
                Ok(nodes) => {
                    let news = others.look(&nodes, &self.node, self.system.steady());
                    news.iter().for_each(tell);
                    self.judge(&others.living());
                }
                Err(error) => {
                    tracing::debug!(%error, "failed to give a sign of life");
                    self.status.set_conflict(Some("the database takes no writes".to_owned()));
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Finds out which Redis this node uses. The same address may lead to different ones, such as
    /// `localhost`. What is known stays so while it is away.
    async fn look_at_redis(&mut self) {
        let Some(redis) = &self.redis else { return };
        match mark_of(&**redis, &self.system).await {
            Ok(mark) => self.node.cache = format!("{}-{mark}", CacheSettings::REDIS),
            Err(error) => tracing::debug!(%error, "failed to read the mark of Redis"),
        }
    }

    async fn look(&self) -> Result<Vec<StoredNode>, StoreError> {
        let has_left = self.status.has_left.lock().await;
        if !*has_left {
            self.store.beat(&self.node, self.system.now()).await?;
        }
        drop(has_left);
        let mut nodes = self.store.list_nodes().await?;
        nodes.retain(|node| Some(node.description.id) != self.predecessor);
        Ok(nodes)
    }

    fn judge(&self, others: &[NodeDescription]) {
        let different = others.iter().filter(|other| differs(other, &self.node)).count();
        self.status.different.store(count(different), Ordering::Relaxed);
        self.status.live.store(count(others.len()) + 1, Ordering::Relaxed);
        let conflict = conflict(&self.node, others);
        if let Some(conflict) = conflict.as_ref().filter(|_| conflict != self.status.conflict()) {
            tracing::error!("not ready: {conflict}");
        }
        self.status.set_conflict(conflict);
    }
}

fn tell(news: &NodeNews) {
    let (node, what) = match news {
        NodeNews::Died(node) => (node, "died: it gives no signs of life"),
        NodeNews::Returned(node) => (node, "is back"),
        NodeNews::OtherSettings(node) => (node, "runs with another file or secret"),
        NodeNews::OtherCache(node) => {
            (node, "uses another Redis: logins that begin there cannot end here")
        }
    };
    tracing::warn!(node, "a server of this database {what}");
}

/// What tells one Redis from another: written by whoever asks first.
async fn mark_of(cells: &dyn CellStore, system: &System) -> Result<String, StoreError> {
    let key = CellKey::mark();
    loop {
        if let Some(mark) = cells.get(&key).await? {
            return Ok(String::from_utf8_lossy(&mark).into_owned());
        }
        let mark = data_encoding::HEXLOWER.encode(&system.random::<3>());
        cells.swap(&key, None, Some(mark.as_bytes()), MARK_LASTS).await?;
    }
}

fn count(nodes: usize) -> u64 {
    u64::try_from(nodes).unwrap_or(u64::MAX)
}

/// Why a node may not serve beside the others. Of two of which one keeps logins in its memory, the later
/// one may not: a code that one of them made is unknown to the other.
fn conflict(node: &NodeDescription, others: &[NodeDescription]) -> Option<String> {
    let earlier = |other: &&NodeDescription| (other.began, other.id) < (node.began, node.id);
    let in_memory =
        |other: &&NodeDescription| [&node.cache, &other.cache].iter().any(|c| *c == MEMORY);
    let other = others.iter().filter(earlier).find(in_memory)?;
    let name = &other.name;
    Some(format!(
        "another server ({name}) runs on this database, and store.cache is `memory`, which is for one server: \
         write redis://… or database in the files of both"
    ))
}

/// By which servers with the same file and secret know each other.
fn settings(config: &Config, keyring: &Keyring) -> String {
    let key = keyring.subkeys("settings").swap_remove(0);
    let digest = data_encoding::HEXLOWER.encode(&key.mac(&[&config.digest]));
    digest[..SETTINGS_DIGITS].to_owned()
}

/// The names of the servers that live and have another file or secret than this configuration.
pub(super) async fn with_other_settings(
    store: &SqlStore,
    config: &Config,
    keyring: &Keyring,
) -> Result<Vec<String>, StoreError> {
    let own = settings(config, keyring);
    let living = watch(store).await?.1.living();
    Ok(living.into_iter().filter(|node| node.settings != own).map(|node| node.name).collect())
}

/// Lists the servers that run, or ran until a day ago, on the database of a configuration. Watches
/// them until it is known which of them live.
///
/// # Errors
///
/// When the database cannot be read.
pub fn list_nodes(config: &Config) -> Result<String, Box<dyn Error>> {
    if let Database::Sqlite(path) = &config.store.database {
        return Ok(format!("{} is a file: one server uses it\n", path.display()));
    }
    on_database(config, async |store| {
        let (nodes, others) = watch(store).await?;
        let mut lines = String::new();
        writeln!(
            lines,
            "{:<24}{:<10}{:<14}{:<14}{:<22}seen",
            "name", "version", "cache", "settings", "since"
        )?;
        for StoredNode { description: node, seen, .. } in nodes {
            let (since, seen) = (time(node.began)?, time(seen)?);
            let gone = if others.is_gone(node.id) { "gone since " } else { "" };
            let NodeDescription { name, version, cache, settings, .. } = node;
            writeln!(
                lines,
                "{name:<24}{version:<10}{cache:<14}{settings:<14}{since:<22}{gone}{seen}"
            )?;
        }
        Ok(lines)
    })
}

/// The nodes of a database, and which of them gave signs of life while this looked: for as long as a
/// node may be silent, at most.
async fn watch(store: &SqlStore) -> Result<(Vec<StoredNode>, OtherNodes), StoreError> {
    let (system, mut others) = (System::real(), OtherNodes::default());
    let nobody = NodeDescription {
        id: NodeId::from_bytes(system.random()),
        name: String::new(),
        version: String::new(),
        settings: String::new(),
        cache: String::new(),
        began: system.now(),
    };
    let start = system.steady();
    loop {
        let nodes = store.list_nodes().await?;
        let now = system.steady();
        others.look(&nodes, &nobody, now);
        if others.are_known() || now.since(start) > LIFE {
            return Ok((nodes, others));
        }
        tokio::time::sleep(INTERVAL / 2).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{MEMORY, conflict};
    use crate::domain::NodeId;
    use crate::store::NodeDescription;
    use crate::system::Timestamp;

    fn node(n: u8, cache: &str) -> NodeDescription {
        NodeDescription {
            id: NodeId::from_bytes([n; 12]),
            name: format!("host-{n}:8080"),
            version: String::new(),
            settings: String::new(),
            cache: cache.to_owned(),
            began: Timestamp::from_millis(n.into()),
        }
    }

    #[test]
    fn of_two_nodes_the_later_one_yields_where_either_has_a_memory_of_its_own() {
        for (one, other, yields) in [
            (MEMORY, MEMORY, true),
            ("redis", MEMORY, true),
            (MEMORY, "redis", true),
            ("redis", "redis", false),
            ("database", "redis", false),
        ] {
            let (first, second) = (node(1, one), node(2, other));
            assert_eq!(conflict(&first, std::slice::from_ref(&second)), None, "{one} {other}");
            let told = conflict(&second, &[first]);
            assert_eq!(
                told.is_some_and(|told| told.contains("host-1:8080")),
                yields,
                "{one} {other}"
            );
        }
    }
}
