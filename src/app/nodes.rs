//! The servers that share a database: each gives signs of life, and looks at those of the others.
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::database::on_database;
use super::users::time;
use crate::config::Config;
use crate::domain::{Keyring, NodeId};
use crate::metrics::{self, ObservedState};
use crate::proxy::BackgroundJob;
use crate::store::{CacheSettings, Database, NodeDescription, NodeStore, SqlStore, StoredNode};
use crate::system::{System, Timestamp};

/// The cache that is not shared.
const MEMORY: &str = CacheSettings::Memory.name();
/// Interval of signs of life.
const INTERVAL: Duration = Duration::from_secs(1);
/// A node that gave none for so long is dead. Several intervals: a busy machine misses some.
const LIFE: Duration = Duration::from_secs(6);
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
    node: NodeDescription,
    system: System,
    status: Arc<NodeStatus>,
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
        let key = keyring.subkeys("settings").swap_remove(0);
        let digest = data_encoding::HEXLOWER.encode(&key.mac(&[&config.digest]));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let port = config.proxy.listen.first().map(std::net::SocketAddr::port).unwrap_or_default();
        let node = NodeDescription {
            id: NodeId::from_bytes(system.random()),
            name: format!("{host}:{port}"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: digest[..SETTINGS_DIGITS].to_owned(),
            cache: config.store.cache.name().to_owned(),
            began: system.now(),
        };
        // Nothing is known of the others yet.
        let looking = Mutex::new(Some("looking for other servers".to_owned()));
        let status = Arc::new(NodeStatus { conflict: looking, ..NodeStatus::alone() });
        Some(Self { store: Arc::clone(store), node, system: system.clone(), status })
    }

    pub(super) fn status(&self) -> Arc<NodeStatus> {
        Arc::clone(&self.status)
    }

    pub(super) const fn id(&self) -> NodeId {
        self.node.id
    }

    pub(super) fn job(self) -> BackgroundJob {
        BackgroundJob { name: "nodes", run: Box::pin(self.run()) }
    }

    async fn run(self) {
        let mut others = Others::default();
        loop {
            match self.look().await {
                Ok(nodes) => self.judge(&others.living(&nodes, self.node.id, self.system.steady())),
                Err(error) => {
                    tracing::debug!(%error, "failed to give a sign of life");
                    self.status.set_conflict(Some("the database takes no writes".to_owned()));
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn look(&self) -> Result<Vec<StoredNode>, crate::store::StoreError> {
        let has_left = self.status.has_left.lock().await;
        if !*has_left {
            self.store.beat(&self.node, self.system.now()).await?;
        }
        drop(has_left);
        self.store.list_nodes().await
    }

    fn judge(&self, others: &[NodeDescription]) {
        let different = others.iter().filter(|other| other.settings != self.node.settings).count();
        let before = self.status.different.swap(count(different), Ordering::Relaxed);
        if count(different) > before {
            tell_different(others, &self.node);
        }
        self.status.live.store(count(others.len()) + 1, Ordering::Relaxed);
        let conflict = conflict(&self.node, others);
        if let Some(conflict) = conflict.as_ref().filter(|_| conflict != self.status.conflict()) {
            tracing::error!("not ready: {conflict}");
        }
        self.status.set_conflict(conflict);
    }
}

fn tell_different(others: &[NodeDescription], node: &NodeDescription) {
    let different = others.iter().filter(|other| other.settings != node.settings);
    let names: Vec<&str> = different.map(|other| other.name.as_str()).collect();
    let names = names.join(", ");
    tracing::warn!(nodes = names, "servers of this database run with another file or secret");
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

/// The other nodes, and when their signs of life were last new, by this node's clock.
#[derive(Default)]
struct Others(HashMap<NodeId, (i64, Timestamp)>);

impl Others {
    /// Those of `nodes` that live. One that was never seen before counts as alive at first.
    fn living(
        &mut self,
        nodes: &[StoredNode],
        own: NodeId,
        now: Timestamp,
    ) -> Vec<NodeDescription> {
        self.0.retain(|id, _| nodes.iter().any(|node| node.description.id == *id));
        let is_alive = |node: &&StoredNode| {
            let known = self.0.entry(node.description.id).or_insert((node.beats, now));
            if known.0 != node.beats {
                *known = (node.beats, now);
            }
            now.since(known.1) < LIFE
        };
        let others = nodes.iter().filter(|node| node.description.id != own).filter(is_alive);
        others.map(|node| node.description.clone()).collect()
    }
}

/// Lists the servers that run, or ran until a day ago, on the database of a configuration.
///
/// # Errors
///
/// When the database cannot be read.
pub fn list_nodes(config: &Config) -> Result<String, Box<dyn Error>> {
    if let Database::Sqlite(path) = &config.store.database {
        return Ok(format!("{} is a file: one server uses it\n", path.display()));
    }
    on_database(config, async |store| {
        let mut lines = String::new();
        writeln!(
            lines,
            "{:<24}{:<10}{:<10}{:<14}{:<22}seen",
            "name", "version", "cache", "settings", "since"
        )?;
        for StoredNode { description: node, seen, .. } in store.list_nodes().await? {
            let (since, seen) = (time(node.began)?, time(seen)?);
            let NodeDescription { name, version, cache, settings, .. } = node;
            writeln!(lines, "{name:<24}{version:<10}{cache:<10}{settings:<14}{since:<22}{seen}")?;
        }
        Ok(lines)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LIFE, MEMORY, Others, conflict};
    use crate::domain::NodeId;
    use crate::store::{NodeDescription, StoredNode};
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

    #[test]
    fn a_node_is_alive_as_long_as_its_signs_are_new_whatever_its_clock_shows() {
        let mut others = Others::default();
        let start = Timestamp::from_millis(0);
        let mut look = |beats, after: Duration| {
            let seen = StoredNode { description: node(2, MEMORY), seen: start, beats };
            others.living(&[seen], NodeId::from_bytes([1; 12]), start + after).len()
        };
        let second = Duration::from_secs(1);
        assert_eq!(look(7, Duration::ZERO), 1, "nobody knows better");
        assert_eq!(look(7, LIFE.saturating_sub(second)), 1);
        assert_eq!(look(7, LIFE), 0, "nothing new");
        assert_eq!(look(8, LIFE + second), 1, "back");
        assert_eq!(look(8, LIFE * 2), 1);
        assert_eq!(look(8, LIFE * 2 + second), 0);
    }
}
