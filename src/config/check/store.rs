//! `[store]`.
use crate::config::reader::Reader;
use crate::config::values::{shown, unknown};
use crate::domain::Secret;
use crate::store::{
    CacheSettings, Database, PostgresServer, RedisServer, RedisSettings, StoreSettings,
};

const DATABASE: &str = "store.database";
const PASSWORD: &str = "store.database_password";
const SECRET: &str = "server.secret";
const CACHE: &str = "store.cache";
const CACHE_PASSWORD: &str = "store.cache_password";
const CACHE_ROOTS: &str = "store.cache_roots";

pub(super) fn store(reader: &mut Reader<'_>) -> Option<StoreSettings> {
    let database = database(reader);
    let cache = cache(reader);
    let outage = reader.duration("store.outage");
    Some(StoreSettings { database: database?, outage: outage?, cache: cache? })
}

fn database(reader: &mut Reader<'_>) -> Option<Database> {
    let text = reader.one(DATABASE, |text| Ok(text.to_owned()))?;
    let is_server = ["postgres:", "postgresql:"].iter().any(|scheme| text.starts_with(scheme));
    if !is_server {
        if reader.has(PASSWORD) {
            reader.note(PASSWORD, "has no effect: store.database is a file");
        }
        let path = reader.one(DATABASE, sqlite_path)?;
        return Some(Database::Sqlite(reader.path(&path)));
    }
    // One that is made at the start would be another on each server.
    if reader.purpose().reads_secret(SECRET) && !reader.has(SECRET) {
        let text = "is missing; servers that share a database share their secret, so write `env:NAME` or `file:PATH`";
        reader.note(SECRET, text);
    }
    let password = if reader.has(PASSWORD) { Some(secret(reader, PASSWORD)?) } else { None };
    let server =
        reader.one(DATABASE, |text| PostgresServer::parse(text).map_err(|why| why.to_string()))?;
    let server = match &password {
        Some(password) => server.with_password(password),
        None => server,
    };
    Some(Database::Postgres(server))
}

fn secret(reader: &mut Reader<'_>, key: &str) -> Option<Secret> {
    reader.secrets(key)?.into_iter().next()
}

/// The path in `sqlite:PATH`.
fn sqlite_path(text: &str) -> Result<String, String> {
    let path = text.strip_prefix("sqlite:").unwrap_or_default();
    let file = !path.is_empty() && !path.starts_with("//") && !path.ends_with('/');
    let plain = !path.starts_with(':') && !path.contains(['?', '\0']);
    // The value is not quoted: a database URL often contains a password.
    (file && plain).then(|| path.to_owned()).ok_or_else(|| {
        "is neither sqlite:PATH, such as sqlite:data/doorcode.db, nor a postgres://… URL".to_owned()
    })
}

fn cache(reader: &mut Reader<'_>) -> Option<CacheSettings> {
    let text = reader.one(CACHE, |text| Ok(text.to_owned()))?;
    if !text.starts_with("redis") {
        for key in [CACHE_PASSWORD, CACHE_ROOTS] {
            if reader.has(key) {
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
    let password =
        if reader.has(CACHE_PASSWORD) { Some(secret(reader, CACHE_PASSWORD)?) } else { None };
    let server = reader.one(CACHE, |text| {
        RedisServer::parse(text, password.as_ref()).map_err(|why| why.to_string())
    });
    let roots = if reader.has(CACHE_ROOTS) { Some(roots(reader)?) } else { None };
    let prefix = reader.one("store.cache_prefix", prefix)?;
    Some(CacheSettings::Redis(Box::new(RedisSettings { server: server?, roots, prefix })))
}

fn roots(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let path = reader.one(CACHE_ROOTS, |text| Ok(text.to_owned()))?;
    let path = reader.path(&path);
    let read = std::fs::read(&path);
    let read = read.map_err(|why| format!("cannot read {}: {why}", path.display()));
    reader.take(None, CACHE_ROOTS, read)
}

/// Braces would put the keys of a cluster onto one of its nodes.
fn prefix(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
    let good = text.len() <= 64 && text.bytes().all(plain);
    good.then(|| text.to_owned()).ok_or_else(|| {
        format!("{} is not up to 64 letters, digits and `:._-`, such as doorcode:", shown(text))
    })
}
