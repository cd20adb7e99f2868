//! `[store]`.
use std::path::PathBuf;
use std::time::Duration;

use crate::config::reader::Reader;
use crate::config::values::{shown, unknown};
use crate::domain::Secret;
use crate::store::{CacheSettings, Database, RedisServer, RedisSettings, StoreSettings};

const DATABASE: &str = "store.database";
const PASSWORD: &str = "store.database_password";
const SECRET: &str = "server.secret";
const CACHE: &str = "store.cache";
const CACHE_PASSWORD: &str = "store.cache_password";
const CACHE_ROOTS: &str = "store.cache_roots";

pub(super) fn store(reader: &mut Reader<'_>) -> Option<StoreSettings> {
    let wait = reader.duration("store.wait");
    // Where it is a mistake, that is noted.
    let known = wait.unwrap_or_default();
    let (database, cache) = (database(reader, known), cache(reader, known));
    let outage = reader.duration("store.outage");
    let history = reader.duration("store.attempt_history");
    wait?;
    Some(StoreSettings {
        database: database?,
        outage: outage?,
        cache: cache?,
        attempt_history: history.map(|kept| Some(kept).filter(|kept| !kept.is_zero()))?,
    })
}

fn database(reader: &mut Reader<'_>, wait: Duration) -> Option<Database> {
    let text = reader.one(DATABASE, |text| Ok(text.to_owned()))?;
    // One that is made at the start would be another on each server.
    let is_shared = text.starts_with("postgres");
    if is_shared && reader.purpose().reads_secret(SECRET) && !reader.has(SECRET) {
        let text = "is missing; servers that share a database share their secret, so write `env:NAME` or `file:PATH`";
        reader.note(SECRET, text);
    }
    let database = reader
        .one(DATABASE, |text| Database::parse(text).unwrap_or_else(|| Err(Database::neither())));
    let server = match database? {
        Database::Sqlite(path) => {
            if reader.has(PASSWORD) {
                reader.note(PASSWORD, "has no effect: store.database is a file");
            }
            return Some(Database::Sqlite(reader.base().join(path)));
        }
        Database::Postgres(server) => server.with_wait(wait),
    };
    let server = server.with_files(|path| readable(reader.path(path)));
    let server = reader.take(None, DATABASE, server);
    let password = maybe(reader, PASSWORD, secret);
    let server = server?;
    Some(Database::Postgres(match &password? {
        Some(password) => server.with_password(password),
        None => server,
    }))
}

/// Looked for now: the server would only tell at its first connection.
fn readable(path: PathBuf) -> Result<PathBuf, String> {
    match std::fs::File::open(&path) {
        Ok(_) => Ok(path),
        Err(why) => Err(format!("cannot read {}: {why}", path.display())),
    }
}

fn secret(reader: &mut Reader<'_>, key: &str) -> Option<Secret> {
    reader.secrets(key)?.into_iter().next()
}

fn cache(reader: &mut Reader<'_>, wait: Duration) -> Option<CacheSettings> {
    let text = reader.one(CACHE, |text| Ok(text.to_owned()))?;
    if !text.starts_with("redis") {
        for key in [CACHE_PASSWORD, CACHE_ROOTS] {
            if reader.has(key) && ["memory", "database"].contains(&text.as_str()) {
                reader.note(key, "has no effect: store.cache is no Redis");
            }
        }
        return reader.one(CACHE, |text| match text {
            "memory" => Ok(CacheSettings::Memory),
            "database" => Ok(CacheSettings::Database),
            _ => {
                let scheme = text.split(':').next().unwrap_or_default();
                Err(unknown(scheme, "a cache", &["memory", "database", "redis"]))
            }
        });
    }
    let password = maybe(reader, CACHE_PASSWORD, secret);
    let roots = maybe(reader, CACHE_ROOTS, roots);
    let prefix = reader.one("store.cache_prefix", prefix);
    let password = password?;
    let server = reader.one(CACHE, |text| {
        RedisServer::parse(text, password.as_ref()).map_err(|why| why.to_string())
    });
    let (server, roots, prefix) = (server?, roots?, prefix?);
    Some(CacheSettings::Redis(Box::new(RedisSettings { server, roots, prefix, wait })))
}

/// What is at a key that need not be there; `None`: a mistake was noted.
#[expect(clippy::option_option, reason = "a mistake is not the absence of an optional key")]
fn maybe<T>(
    reader: &mut Reader<'_>,
    key: &str,
    read: fn(&mut Reader<'_>, &str) -> Option<T>,
) -> Option<Option<T>> {
    if reader.has(key) { read(reader, key).map(Some) } else { Some(None) }
}

fn roots(reader: &mut Reader<'_>, key: &str) -> Option<Vec<u8>> {
    let path = reader.one(key, |text| Ok(text.to_owned()))?;
    let path = reader.path(&path);
    let read = std::fs::read(&path);
    let read = read.map_err(|why| format!("cannot read {}: {why}", path.display()));
    reader.take(None, key, read)
}

/// Braces would put the keys of a cluster onto one of its nodes.
fn prefix(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
    // Without one, another program's keys could be taken for ours.
    let good = (1..=64).contains(&text.len()) && text.bytes().all(plain);
    good.then(|| text.to_owned()).ok_or_else(|| {
        format!("{} is not 1 to 64 letters, digits and `:._-`, such as doorcode:", shown(text))
    })
}
