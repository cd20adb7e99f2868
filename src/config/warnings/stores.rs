use super::Found;
use crate::config::settings::Config;
use crate::store::{CacheSettings, Database};

/// Several servers on one file would sign each other's users out; for one, the cache is a detour.
pub(super) fn shared_beside_a_file(config: &Config) -> Found {
    let is_file = matches!(config.store.database, Database::Sqlite(_));
    let is_shared = !matches!(config.store.cache, CacheSettings::Memory);
    let text = "is for several servers, and store.database is a file, which only one can use: write \
        postgres://… there, or `memory` here";
    let warned = is_file && is_shared;
    warned.then(|| ("store.cache".to_owned(), text.to_owned())).into_iter().collect()
}
