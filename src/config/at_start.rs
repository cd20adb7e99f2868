//! Keys that are read once, at the start: a reload refuses a file where one of them changed.
use std::collections::BTreeMap;

/// Keys and tables. What is below a table is meant too.
pub(super) const AT_START: &[&str] = &[
    "server.listen",
    "server.socket_mode",
    "server.redirect_listen",
    "server.proxy_protocol_from",
    "server.public_url",
    "server.prefix",
    "server.secret",
    "server.h2c",
    "server.connections",
    "server.connections_per_address",
    "server.exchanges",
    "server.exchanges_per_address",
    "server.least_rate",
    "server.idle",
    "server.drain_delay",
    "server.upgrade_drain",
    "acme",
    "admin",
    "log",
    "numbers",
    "store",
];

/// Whether a key such as `server.listen` or `site[].name` is read at the start only.
pub(super) fn is_read_at_start(path: &str) -> bool {
    let is_below = |of: &str| path.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
    AT_START.iter().any(|of| *of == path || is_below(of))
}

/// The values of such keys, as the file or the defaults have them.
pub(super) type ValuesAtStart = BTreeMap<String, String>;

/// The keys that differ.
pub(super) fn differences(old: &ValuesAtStart, new: &ValuesAtStart) -> Vec<String> {
    let differs = |key: &&String| old.get(*key) != new.get(*key);
    let mut keys: Vec<String> = old.keys().chain(new.keys()).filter(differs).cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    #[test]
    fn every_entry_is_a_key() {
        for entry in AT_START {
            assert!(keys::all().any(|key| key.path == *entry), "{entry}");
        }
        assert!(is_read_at_start("store.cache") && is_read_at_start("server.listen"));
        assert!(!is_read_at_start("server.tls") && !is_read_at_start("storehouse"));
    }
}
