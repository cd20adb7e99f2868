//! From the document to each module's settings: one file per section.
//! Reads no TOML.
mod acme;
mod brand;
mod challenge;
mod client_certificates;
mod clients;
mod consent;
mod durations;
mod forward_auth;
mod framed_by;
mod identity;
mod limits;
mod listen;
mod login;
mod named;
mod prices;
mod rules;
mod server;
mod site_urls;
mod sites;
mod sms;
mod store;
mod test_numbers;
mod tls;
mod upstream_pool;
mod users;

use std::sync::Arc;

use super::reader::Reader;
use super::settings::Config;
use super::values::unknown;
use crate::events::LogFormat;
use named::Named;
use rules::KnownCallers;
use server::ServerContext;
use sms::TextParts;

/// Checks all sections, whatever mistakes there are. They are noted in `reader`; `None` is returned
/// only with at least one of them.
pub(super) fn check(reader: &mut Reader<'_>, source: &str, digest: [u8; 32]) -> Option<Config> {
    for table in ["server", "login", "sms"] {
        reader.require(table);
    }
    let named = Named::read(reader);
    let ground = ServerContext::read(reader);
    let secrets = server::secrets(reader);
    let proxy = server::settings(reader, &ground);
    let network = server::exposure(reader, proxy.as_ref());
    let log = reader.one("log.format", log_format);
    let store = store::store(reader);
    let checked = brand::brand(reader);
    let sms = TextParts::read(reader, &ground, checked.as_ref());
    let accepted = login::accepted_numbers(reader).unwrap_or_default();
    let tests = test_numbers::test_numbers(reader, &ground, &accepted);
    let login = login::login(reader, (sms.providers.as_deref(), &named), accepted.clone());
    let (session, personal_tokens) = (login::session(reader), login::personal_tokens(reader));
    let users = users::users(reader, named.countries.as_ref(), &accepted);
    let oauth = clients::oauth(reader);
    let routes = sms::routes(reader, &named);
    let callers = KnownCallers { named: &named, numbers: &accepted };
    let sites = sites::sites(reader, &ground, callers);
    let acme = acme::acme(reader, &ground, proxy.as_ref(), sites.as_ref().map(|(sites, _)| sites));
    let (checked, (sites, asking)) = (checked?, sites?);
    Some(Config {
        source: source.to_owned(),
        digest,
        path: None,
        places: reader.places(),
        linted: Arc::default(),
        at_start: reader.at_start(),
        prefix: ground.prefix?,
        issuer: ground.issuer?,
        secrets,
        secret_file: reader.path("doorcode.secret"),
        proxy: crate::proxy::ProxySettings { client_roots: asking.into_roots(), ..proxy? },
        acme: acme?,
        log: log?,
        store: store?,
        brand: checked.brand,
        test_numbers_exposed: tests.as_ref().is_some_and(|tests| tests.exposed),
        login: crate::login::LoginSettings { test_numbers: tests.as_ref()?.codes(), ..login? },
        session: session?,
        personal_tokens: personal_tokens?,
        providers: sms.providers?,
        sms_allow_private: sms.allowed?,
        sms_receipts: sms.receipts?,
        sms_routes: routes?,
        sms_template: sms.template?,
        sms_templates: sms.templates?,
        sms_built_in: sms::built_in(),
        languages: checked.languages,
        users: users?.into_iter().chain(tests?.users()).collect(),
        site_tables: sites.iter().map(|(table, _)| *table).collect(),
        sites: sites.into_iter().map(|(_, site)| site).collect(),
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
