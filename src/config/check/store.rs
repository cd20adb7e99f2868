//! `[store]`.
use crate::config::reader::Reader;
use crate::config::values::{shown, unknown};
use crate::domain::Secret;
use crate::store::{Database, PostgresServer, StoreSettings};

const DATABASE: &str = "store.database";
const PASSWORD: &str = "store.database_password";
const SECRET: &str = "server.secret";

pub(super) fn store(reader: &mut Reader<'_>) -> Option<StoreSettings> {
    let database = database(reader);
    let cache = cache(reader);
    let outage = reader.duration("store.outage");
    cache?;
    Some(StoreSettings { database: database?, outage: outage? })
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
    let password = if reader.has(PASSWORD) { Some(password(reader)?) } else { None };
    let server =
        reader.one(DATABASE, |text| PostgresServer::parse(text).map_err(|why| why.to_string()))?;
    let server = match &password {
        Some(password) => server.with_password(password),
        None => server,
    };
    Some(Database::Postgres(server))
}

fn password(reader: &mut Reader<'_>) -> Option<Secret> {
    reader.secrets(PASSWORD)?.into_iter().next()
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

fn cache(reader: &mut Reader<'_>) -> Option<()> {
    reader.one("store.cache", |text| {
        let scheme = text.split(':').next().unwrap_or_default();
        match scheme {
            "memory" if text == "memory" => Ok(()),
            "redis" | "rediss" | "database" => {
                Err(format!("{} is not supported yet by this version; write memory", shown(scheme)))
            }
            _ => Err(unknown(scheme, "a cache", &["memory"])),
        }
    })
}
