//! What one server makes of the signs of life of the others.
use std::collections::HashMap;
use std::time::Duration;

use crate::domain::NodeId;
use crate::store::{CacheSettings, NodeDescription, StoredNode};
use crate::system::Timestamp;

/// A node that gave no sign of life for so long is dead. Several intervals: a busy machine misses some.
pub(super) const LIFE: Duration = Duration::from_secs(6);
/// After so many looks in a row that find a difference it is told: a node that starts has yet to learn
/// which Redis it uses.
const LOOKS: u32 = 3;
/// The cache of a node that does not know yet which Redis it uses.
const SOME_REDIS: &str = CacheSettings::REDIS;

/// The other nodes, and when their signs of life were last new, by this node's clock.
#[derive(Default)]
pub(super) struct OtherNodes(HashMap<NodeId, Watched>);

struct Watched {
    node: NodeDescription,
    beats: i64,
    /// When these were first seen.
    at: Timestamp,
    /// Whether there were new ones since this node looks.
    has_grown: bool,
    is_gone: bool,
    settings_differ: u32,
    cache_differs: u32,
}

/// What is new of another node, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeNews {
    /// It gives no signs of life any more.
    Died(String),
    Returned(String),
    /// It runs with another file or secret.
    OtherSettings(String),
    OtherCache(String),
}

impl OtherNodes {
    /// Looks at all nodes that are listed. Of those that were never seen before nothing is told until
    /// they have given a sign of life: they may have died long ago.
    pub(super) fn look(
        &mut self,
        nodes: &[StoredNode],
        own: &NodeDescription,
        now: Timestamp,
    ) -> Vec<NodeNews> {
        self.0.retain(|id, _| nodes.iter().any(|node| node.description.id == *id));
        let others = nodes.iter().filter(|node| node.description.id != own.id);
        let mut news = Vec::new();
        for StoredNode { description, beats, .. } in others {
            let new = || Watched::new(description, *beats, now);
            let watched = self.0.entry(description.id).or_insert_with(new);
            watched.node.clone_from(description);
            watched.see(*beats, now, &mut news);
            watched.compare(own, &mut news);
        }
        news
    }

    /// Those that live. One that was never seen before counts as alive at first.
    pub(super) fn living(&self) -> Vec<NodeDescription> {
        let living = self.0.values().filter(|watched| !watched.is_gone);
        living.map(|watched| watched.node.clone()).collect()
    }

    pub(super) fn is_gone(&self, id: NodeId) -> bool {
        self.0.get(&id).is_some_and(|watched| watched.is_gone)
    }

    /// Whether all are known to live or to be gone.
    pub(super) fn are_known(&self) -> bool {
        self.0.values().all(|watched| watched.has_grown || watched.is_gone)
    }
}

impl Watched {
    fn new(node: &NodeDescription, beats: i64, now: Timestamp) -> Self {
        Self {
            node: node.clone(),
            beats,
            at: now,
            has_grown: false,
            is_gone: false,
            settings_differ: 0,
            cache_differs: 0,
        }
    }

    fn see(&mut self, beats: i64, now: Timestamp, news: &mut Vec<NodeNews>) {
        if beats != self.beats {
            if self.is_gone {
                news.push(NodeNews::Returned(self.node.name.clone()));
            }
            (self.beats, self.at) = (beats, now);
            (self.has_grown, self.is_gone) = (true, false);
        } else if !self.is_gone && now.since(self.at) >= LIFE {
            self.is_gone = true;
            if self.has_grown {
                news.push(NodeNews::Died(self.node.name.clone()));
            }
        }
    }

    fn compare(&mut self, own: &NodeDescription, news: &mut Vec<NodeNews>) {
        let is_live = self.has_grown && !self.is_gone;
        let name = || self.node.name.clone();
        if count_looks(&mut self.settings_differ, is_live && self.node.settings != own.settings) {
            news.push(NodeNews::OtherSettings(name()));
        }
        if count_looks(&mut self.cache_differs, is_live && other_redis(&self.node, own)) {
            news.push(NodeNews::OtherCache(name()));
        }
    }
}

/// Whether to tell of a difference now: once, and again only after it was gone.
fn count_looks(looks: &mut u32, differs: bool) -> bool {
    *looks = if differs { looks.saturating_add(1) } else { 0 };
    *looks == LOOKS
}

/// Whether both keep logins in a Redis, and it is not the same one.
fn other_redis(one: &NodeDescription, other: &NodeDescription) -> bool {
    let known =
        |node: &NodeDescription| node.cache.starts_with(SOME_REDIS) && node.cache != SOME_REDIS;
    one.cache != other.cache && known(one) && known(other)
}

/// Whether a node runs with another file or secret, or keeps logins in another Redis.
pub(super) fn differs(one: &NodeDescription, other: &NodeDescription) -> bool {
    one.settings != other.settings || other_redis(one, other)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LIFE, LOOKS, NodeNews, OtherNodes, differs};
    use crate::domain::NodeId;
    use crate::store::{NodeDescription, StoredNode};
    use crate::system::Timestamp;

    const START: Timestamp = Timestamp::from_millis(0);
    const SECOND: Duration = Duration::from_secs(1);

    fn node(n: u8, settings: &str, cache: &str) -> NodeDescription {
        NodeDescription {
            id: NodeId::from_bytes([n; 12]),
            name: format!("host-{n}:8080"),
            version: String::new(),
            settings: settings.to_owned(),
            cache: cache.to_owned(),
            began: START,
        }
    }

    /// What `others` tells of a node with so many beats, `after` the start.
    fn look(
        others: &mut OtherNodes,
        node_: &NodeDescription,
        beats: i64,
        after: Duration,
    ) -> Vec<NodeNews> {
        let seen = StoredNode { description: node_.clone(), seen: START, beats };
        others.look(&[seen], &node(1, "a", "redis-1"), START + after)
    }

    #[test]
    fn a_node_is_alive_as_long_as_its_signs_are_new_whatever_its_clock_shows() {
        let (mut others, other) = (OtherNodes::default(), node(2, "a", "memory"));
        for (beats, after, live, news) in [
            (7, Duration::ZERO, 1, vec![]),
            (7, LIFE.saturating_sub(SECOND), 1, vec![]),
            // It may have died long ago: nothing is told.
            (7, LIFE, 0, vec![]),
            (8, LIFE + SECOND, 1, vec![NodeNews::Returned("host-2:8080".into())]),
            (8, LIFE * 2, 1, vec![]),
            (8, LIFE * 2 + SECOND, 0, vec![NodeNews::Died("host-2:8080".into())]),
            (8, LIFE * 3, 0, vec![]),
        ] {
            assert_eq!(look(&mut others, &other, beats, after), news, "{beats} {after:?}");
            assert_eq!(others.living().len(), live, "{beats} {after:?}");
        }
        assert!(others.is_gone(other.id) && others.are_known());
    }

    #[test]
    fn another_file_or_redis_is_told_once_of_nodes_that_live() {
        let name = || "host-2:8080".to_owned();
        for (settings, cache, told) in [
            ("a", "redis-1", None),
            ("a", "redis", None),
            ("a", "redis-2", Some(NodeNews::OtherCache(name()))),
            ("b", "redis-1", Some(NodeNews::OtherSettings(name()))),
        ] {
            let (mut others, other) = (OtherNodes::default(), node(2, settings, cache));
            let mut news = Vec::new();
            for beats in 0..3 * LOOKS {
                news.extend(look(&mut others, &other, beats.into(), SECOND * beats));
            }
            assert_eq!(news, Vec::from_iter(told.clone()), "{settings} {cache}");
            assert_eq!(differs(&other, &node(1, "a", "redis-1")), told.is_some());
            // One that died before is not told of.
            let mut others = OtherNodes::default();
            let dead = (0..20).flat_map(|n| look(&mut others, &other, 1, SECOND * n));
            assert_eq!(dead.count(), 0, "{settings} {cache}");
        }
    }
}
