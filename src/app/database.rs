use std::error::Error;

use tokio::runtime::Builder;

use super::error::AppError;
use super::secret;
use crate::config::Config;
use crate::store::{ContactKeys, SqlStore};
use crate::system::System;

/// Names the path, which differs if `--config` was forgotten.
pub(super) fn no_database(config: &Config) -> String {
    let database = &config.store.database;
    format!("there is no database yet at {database} (see --config): the first start creates it")
}

/// Runs a command that neither finds nor reads a phone number: see [`on_contacts`].
///
/// # Errors
///
/// As [`on_contacts`].
pub(super) fn on_database<T>(
    config: &Config,
    command: impl AsyncFnOnce(&SqlStore) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    run(config, ContactKeys::none(System::real()), command)
}

/// Runs `command` on the existing database of a configuration. Creates none and migrates none:
/// servers may be running on it.
///
/// # Errors
///
/// When there is no database, its schema is of another version, or the command failed.
pub(super) fn on_contacts<T>(
    config: &Config,
    system: &System,
    command: impl AsyncFnOnce(&SqlStore) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let keyring = secret::of_existing(config)?.ok_or_else(|| no_database(config))?;
    let accepted = config.login.accepted_numbers.clone();
    run(config, ContactKeys::new(&keyring, system.clone()).accepting(accepted), command)
}

fn run<T>(
    config: &Config,
    contacts: ContactKeys,
    command: impl AsyncFnOnce(&SqlStore) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    if !config.store.database.may_exist() {
        return Err(no_database(config).into());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let database = &config.store.database;
        let store = SqlStore::open_existing(database, contacts).await;
        let store = store.map_err(AppError::of_store(database))?;
        let result = command(&store).await;
        store.close().await;
        result
    })
}
