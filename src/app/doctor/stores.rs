//! The database and the cache.
use std::path::Path;

use super::report::{Grade, Report};
use super::{SLOW, milliseconds};
use crate::app::error::AppError;
use crate::app::secret;
use crate::config::Config;
use crate::oauth::check_keys;
use crate::store::{
    CacheSettings, ContactKeys, Database, RedisCells, SigningKeyStore as _, SqlStore,
};
use crate::system::System;

const DATABASE: &str = "database";
const CACHE: &str = "cache";
/// Free space that is told, bytes: a day of a busy server's logins.
const LITTLE_SPACE: u64 = 256 << 20;

/// `is_ready`: the server runs, so that its database is there.
pub(super) async fn ask(
    config: &Config,
    system: &System,
    (is_ready, report): (bool, &mut Report<'_>),
) {
    database(config, system, (is_ready, report)).await;
    if let CacheSettings::Redis(settings) = &config.store.cache {
        let began = system.steady();
        match RedisCells::connect((**settings).clone()).await {
            Ok(_) => {
                let time = milliseconds(system.steady().since(began));
                report.add(Grade::Fine, CACHE, format!("{} answers after {time}", settings.server));
            }
            Err(why) => {
                let why = AppError::of_cache(&settings.server)(why);
                report.add(Grade::Failed, CACHE, why.to_string());
            }
        }
    }
}

async fn database(config: &Config, system: &System, (is_ready, report): (bool, &mut Report<'_>)) {
    let database = &config.store.database;
    let keyring = match secret::of_existing(config) {
        Ok(Some(keyring)) => keyring,
        Ok(None) if is_ready => {
            let text = format!("there is none at {database}, and a server runs without it");
            return report.add(Grade::Failed, DATABASE, text);
        }
        Ok(None) => {
            let text = format!("there is none yet at {database}: the first start creates it");
            return report.add(Grade::Note, DATABASE, text);
        }
        Err(why) => return report.add(Grade::Failed, DATABASE, why.to_string()),
    };
    let began = system.steady();
    let read = async {
        let contacts = ContactKeys::new(&keyring, system.clone());
        let failed = AppError::of_store(database);
        let store = SqlStore::open_existing(database, contacts).await.map_err(failed)?;
        let keys = store.list_unretired().await;
        store.close().await;
        Ok::<_, AppError>(check_keys(&keys.map_err(failed)?, &keyring)?)
    };
    let read = read.await;
    let time = system.steady().since(began);
    match read {
        Ok(()) if time > SLOW => {
            let text = format!("{database} took {} to open and read", milliseconds(time));
            report.add(Grade::Warning, DATABASE, text);
        }
        Ok(()) => {
            let text = format!("{database} answers after {}", milliseconds(time));
            report.add(Grade::Fine, DATABASE, text);
        }
        Err(why) => report.add(Grade::Failed, DATABASE, why.to_string()),
    }
    if let Database::Sqlite(path) = database {
        space(path, report);
    }
}

fn space(path: &Path, report: &mut Report<'_>) {
    let Ok(disk) = rustix::fs::statvfs(path) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < LITTLE_SPACE {
        let text = format!("{} MiB are free on the disk of {}", free >> 20, path.display());
        report.add(Grade::Warning, DATABASE, text);
    }
}
