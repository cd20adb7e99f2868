use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::database::{no_database, on_database};
use super::runtime::Runtime;
use super::secret;
use crate::config::Config;
use crate::oauth::{Algorithm, AssertionFormat, KeyRotation, KeyUsage, publish_next, signs_from};
use crate::proxy::BackgroundJob;
use crate::store::{SigningKeyStore as _, StoredKey};
use crate::system::{System, Timestamp};

/// Interval of key rotation, measured with the injected clock. Other processes change the table of
/// keys too.
const INTERVAL: Duration = Duration::from_mins(1);
/// How often that clock is polled.
const POLL: Duration = Duration::from_secs(1);

/// The keys that sites and clients need, and always that of Doorcode's own assertions; without
/// duplicates.
pub(super) fn wanted(config: &Config) -> Vec<(KeyUsage, Algorithm)> {
    let styles = config.sites.iter().flat_map(|site| site.identity.assertion_formats());
    let assertions = std::iter::once(AssertionFormat::Doorcode).chain(styles);
    let mut wanted: Vec<_> = config.oauth.token_key().into_iter().collect();
    for key in assertions.map(|style| (KeyUsage::Assertion, style.algorithm())) {
        if !wanted.contains(&key) {
            wanted.push(key);
        }
    }
    wanted
}

/// The rotation of the keys that a configuration needs.
pub(super) fn rotation(config: &Config, runtime: &Runtime) -> KeyRotation {
    KeyRotation {
        store: Arc::clone(&runtime.store) as _,
        keyring: runtime.keyring.clone(),
        system: runtime.system.clone(),
        keys: Arc::clone(&runtime.keys),
        wanted: wanted(config),
        pace: config.oauth.pace(),
    }
}

/// Runs key rotation immediately and then every minute. On error the current keys stay in use.
pub(super) fn job(rotation: Arc<ArcSwap<KeyRotation>>) -> BackgroundJob {
    let run = async move {
        loop {
            let rotation = rotation.load_full();
            let last = rotation.system.now();
            if let Err(error) = rotation.turn().await {
                tracing::error!(%error, "signing key rotation failed");
            }
            while is_within_interval(rotation.system.now(), last) {
                tokio::time::sleep(POLL).await;
            }
        }
    };
    BackgroundJob { name: "signing keys", run: Box::pin(run) }
}

/// A clock that was set back by more than the interval starts a new one.
fn is_within_interval(now: Timestamp, last: Timestamp) -> bool {
    now.since(last) < INTERVAL && last.since(now) < INTERVAL
}

/// A table of the signing keys in the database of a configuration.
///
/// # Errors
///
/// When there is no database or it cannot be read.
pub fn list_keys(config: &Config) -> Result<String, Box<dyn Error>> {
    let system = System::real();
    let keys = on_database(config, async |store| Ok(store.list_all().await?))?;
    let mut table = format!("{:<44}{:<11}{:<11}{:<11}AGE\n", "KID", "USAGE", "ALGORITHM", "STATE");
    for key in keys {
        let state = if key.is_next() { "next" } else { key.state.as_str() };
        let age = age(system.now().since(key.created));
        let StoredKey { kid, usage, algorithm, .. } = key;
        writeln!(table, "{kid:<44}{usage:<11}{algorithm:<11}{state:<11}{age}")?;
    }
    Ok(table)
}

/// Publishes a successor of each key that signs for the configuration, or of those of one usage.
/// The servers that run on the database complete the rotation.
///
/// # Errors
///
/// When there is no database, or every key has a successor already.
pub fn rotate_keys(config: &Config, usage: Option<KeyUsage>) -> Result<String, Box<dyn Error>> {
    let keyring = secret::of_existing(config)?.ok_or_else(|| no_database(config))?;
    let system = System::real();
    let mut kinds = wanted(config);
    kinds.retain(|(of, _)| usage.is_none_or(|usage| usage == *of));
    let published = on_database(config, async |store| {
        Ok(publish_next(store, &keyring, &kinds, &system).await?)
    })?;
    if published.is_empty() {
        return Err("every signing key has a successor already; `doorcode keys` lists them".into());
    }
    let mut lines = String::new();
    for key in published {
        let at = jiff::Timestamp::from_millisecond(signs_from(&key).as_millis())?;
        let StoredKey { kid, usage, algorithm, .. } = key;
        writeln!(lines, "{kid} is published and signs ({usage}, {algorithm}) from {at:.0} on")?;
    }
    Ok(lines)
}

/// A duration in its largest unit.
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
        let own = (KeyUsage::Assertion, Algorithm::Es256);
        let all = [rs256(KeyUsage::Token), own, rs256(KeyUsage::Assertion)];
        assert_eq!(wanted(&config), all);
    }
}
