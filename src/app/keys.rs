use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use tokio::runtime::Builder;

use super::{AppError, secret};
use crate::config::Config;
use crate::oauth::{Algorithm, Rotation, Style, Usage, publish_next, signs_from};
use crate::proxy::Job;
use crate::store::{Database, SigningKeys as _, SqlStore, StoredKey};
use crate::system::{System, Timestamp};

/// Between two looks at the table of keys, which others change too. Told by the clock that rules
/// ask, and looked at so often.
const EVERY: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_secs(1);

/// The keys that sites and clients need, and always that of Doorcode's own assertions; none twice.
pub(super) fn wanted(config: &Config) -> Vec<(Usage, Algorithm)> {
    let styles = config.sites.iter().flat_map(|site| site.identity.styles());
    let assertions = std::iter::once(Style::Doorcode).chain(styles);
    let mut wanted: Vec<_> = config.oauth.token_key().into_iter().collect();
    for key in assertions.map(|style| (Usage::Assertion, style.algorithm())) {
        if !wanted.contains(&key) {
            wanted.push(key);
        }
    }
    wanted
}

/// Lets keys follow each other, first at once. An error changes nothing: those that are known go on.
pub(super) fn job(rotation: Rotation) -> Job {
    let run = async move {
        loop {
            let last = rotation.system.now();
            if let Err(error) = rotation.turn().await {
                tracing::error!(%error, "the signing keys were not looked after");
            }
            // A clock that was set back by more begins a new minute.
            let near = |now: Timestamp| now.since(last) < EVERY && last.since(now) < EVERY;
            while near(rotation.system.now()) {
                tokio::time::sleep(LOOK).await;
            }
        }
    };
    Job { name: "signing keys", run: Box::pin(run) }
}

/// The signing keys in the database of a configuration, a line each.
pub fn list_keys(config: &Config) -> Result<String, Box<dyn Error>> {
    let system = System::real();
    let keys = on_database(config, async |store| Ok(store.all().await?))?;
    let mut table = format!("{:<44}{:<11}{:<11}{:<11}AGE\n", "KID", "USAGE", "ALGORITHM", "STATE");
    for key in keys {
        let state = if key.is_next() { "next" } else { key.state.as_str() };
        let age = age(system.now().since(key.created));
        let StoredKey { kid, usage, algorithm, .. } = key;
        writeln!(table, "{kid:<44}{usage:<11}{algorithm:<11}{state:<11}{age}")?;
    }
    Ok(table)
}

/// Publishes a key to follow each one that signs for the configuration; the servers on this
/// database do the rest.
pub fn rotate_keys(config: &Config, usage: Option<Usage>) -> Result<String, Box<dyn Error>> {
    let keyring = secret::of_existing(config)?.ok_or_else(|| no_database(config))?;
    let system = System::real();
    let mut kinds = wanted(config);
    kinds.retain(|(of, _)| usage.is_none_or(|usage| usage == *of));
    let published = on_database(config, async |store| {
        Ok(publish_next(store, &keyring, &kinds, &system).await?)
    })?;
    if published.is_empty() {
        return Err("no key signs that has none to follow it; `doorcode keys` lists them".into());
    }
    let mut said = String::new();
    for key in published {
        let at = jiff::Timestamp::from_millisecond(signs_from(&key).as_millis())?;
        let StoredKey { kid, usage, algorithm, .. } = key;
        writeln!(said, "{kid} is published and signs ({usage}, {algorithm}) from {at:.0} on")?;
    }
    Ok(said)
}

/// Whoever left `--config` out sees which file was looked at.
fn no_database(config: &Config) -> String {
    let Database::Sqlite(path) = &config.database;
    let path = path.display();
    format!("there is no database yet at {path} (see --config): the first start makes it")
}

/// What `ask` finds in a database that is there, with the tables that this version knows. None is
/// made, and none is changed under the servers that run on it.
pub(super) fn on_database<T>(
    config: &Config,
    ask: impl AsyncFnOnce(&SqlStore) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let Database::Sqlite(path) = &config.database;
    if !path.exists() {
        return Err(no_database(config).into());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let failed = |why| AppError::Store { path: path.clone(), why };
        let store = SqlStore::open_as_it_is(&config.database).await.map_err(failed)?;
        let found = ask(&store).await;
        store.close().await;
        found
    })
}

/// In the largest unit of which it has one.
fn age(of: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let seconds = of.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(
        || format!("{seconds}s"),
        |(length, name)| format!("{}{name}", seconds / length),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A key that stands there twice would be made twice at the first start, and once for nothing.
    #[test]
    fn every_key_is_wanted_once() {
        let text = r#"
            [server]
            public_url = "http://localhost:8080"
            [login]
            countries = ["US"]
            [sms]
            providers = ["console"]
            [[client]]
            id = "spa"
            name = "My app"
            [[site]]
            name = "Shop"
            url = "http://shop.localhost:8080"
            upstreams = ["127.0.0.1:3000"]
            identity = "cloudflare"
        "#;
        let config = Config::read(text, "my.toml", Path::new("."), &|_| None).unwrap();
        let rs256 = |usage| (usage, Algorithm::Rs256);
        let own = (Usage::Assertion, Algorithm::Es256);
        let all = [rs256(Usage::Token), own, rs256(Usage::Assertion)];
        assert_eq!(wanted(&config), all);
    }
}
