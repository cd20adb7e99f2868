//! From the document to each module's settings: one file per section.
//! Reads no TOML.
mod brand;
mod clients;
mod identity;
mod login;
mod rules;
mod server;
mod sites;
mod sms;
mod test_numbers;
mod tls;
mod users;

use super::reader::Reader;
use super::settings::Config;
use super::values::{shown, unknown};
use crate::events::LogFormat;
use crate::store::Database;
use server::ServerContext;

/// Checks all sections, whatever mistakes there are. They are noted in `reader`; `None` is returned
/// only with at least one of them.
pub(super) fn check(reader: &mut Reader<'_>, source: &str) -> Option<Config> {
    for table in ["server", "login", "sms"] {
        reader.require(table);
    }
    let ground = ServerContext::read(reader);
    let secrets = server::secrets(reader);
    let proxy = server::settings(reader, &ground);
    let network = server::exposure(reader, proxy.as_ref());
    let log = reader.one("log.format", log_format);
    let database = reader.one("store.database", database);
    let cache = reader.one("store.cache", cache);
    let checked = brand::brand(reader);
    let providers = sms::providers(reader, &ground);
    let template = sms::template(reader, checked.as_ref());
    // Which languages there are depends on the brand's files.
    let languages = checked.as_ref().filter(|_| reader.purpose().reads_brand());
    let templates = sms::templates(reader, languages);
    let tests = test_numbers::test_numbers(reader, &ground);
    let login = login::login(reader, providers.as_deref());
    let session = login::session(reader);
    let users = users::users(reader, login.as_ref().map(|login| &login.countries));
    let oauth = clients::oauth(reader);
    let sites = sites::sites(reader, &ground, oauth.as_ref().map(|oauth| &oauth.clients));
    cache?;
    let checked = checked?;
    Some(Config {
        source: source.to_owned(),
        places: reader.places(),
        prefix: ground.prefix?,
        issuer: ground.issuer?,
        secrets,
        secret_file: reader.path("doorcode.secret"),
        proxy: proxy?,
        log: log?,
        database: Database::Sqlite(reader.path(&database?)),
        brand: checked.brand,
        test_numbers_exposed: tests.as_ref().is_some_and(|tests| tests.exposed),
        login: crate::login::LoginSettings { test_numbers: tests.as_ref()?.codes(), ..login? },
        session: session?,
        providers: providers?,
        sms_template: template?,
        sms_templates: templates?,
        sms_built_in: sms::built_in(),
        languages: checked.languages,
        users: users?.into_iter().chain(tests?.users()).collect(),
        sites: sites?,
        oauth: oauth?,
        development_exposed: ground.exposed,
        shared_origin: ground.shared_origin,
        network,
    })
}

const LOG_FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

fn log_format(text: &str) -> Result<LogFormat, String> {
    let known: Vec<&str> = LOG_FORMATS.iter().map(|(name, _)| *name).collect();
    let found = LOG_FORMATS.iter().find(|(name, _)| *name == text);
    found.map(|(_, format)| *format).ok_or_else(|| unknown(text, "a format", &known))
}

/// The path in `sqlite:PATH`.
fn database(text: &str) -> Result<String, String> {
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        return Err("Postgres is not supported yet by this version; write sqlite:PATH".to_owned());
    }
    let path = text.strip_prefix("sqlite:").unwrap_or_default();
    let file = !path.is_empty() && !path.starts_with("//") && !path.ends_with('/');
    let plain = !path.starts_with(':') && !path.contains(['?', '\0']);
    // The value is not quoted: a database URL often contains a password.
    (file && plain)
        .then(|| path.to_owned())
        .ok_or_else(|| "is not sqlite:PATH, such as sqlite:data/doorcode.db".to_owned())
}

fn cache(text: &str) -> Result<(), String> {
    let scheme = text.split(':').next().unwrap_or_default();
    match scheme {
        "memory" if text == "memory" => Ok(()),
        "redis" | "rediss" | "database" => {
            Err(format!("{} is not supported yet by this version; write memory", shown(scheme)))
        }
        _ => Err(unknown(scheme, "a cache", &["memory"])),
    }
}
