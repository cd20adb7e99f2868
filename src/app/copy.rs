use std::error::Error;
use std::io::Write;

use tokio::runtime::Builder;

use super::error::AppError;
use super::progress_bar::ProgressBar;
use super::secret;
use crate::config::Config;
use crate::store::{self, ContactKeys, Database, SqlStore};
use crate::system::System;

/// Brings the schema of a configuration's database to that of this version.
///
/// # Errors
///
/// When it cannot be opened or migrated.
pub fn migrate(config: &Config, system: &System) -> Result<String, Box<dyn Error>> {
    let database = &config.store.database;
    let contacts = ContactKeys::new(&secret::keyring(config, system)?, system.clone());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = SqlStore::open(database, contacts).await;
        store.map_err(AppError::of_store(database))?.close().await;
        Ok(format!("{database} has the schema of this version\n"))
    })
}

/// Copies what lasts from one database to another, which is created if it is a file, and compares both.
/// `terminal` is shown how far it is.
///
/// # Errors
///
/// When either cannot be opened, the second is in use, or they differ afterwards.
pub fn copy_store(
    from: &Database,
    to: &Database,
    terminal: &mut (dyn Write + Send),
) -> Result<String, Box<dyn Error>> {
    if from == to {
        return Err("a database cannot be copied to itself".into());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Numbers are copied as they are, encrypted.
        let keys = || ContactKeys::none(System::real());
        let source = SqlStore::open_existing(from, keys()).await;
        let source = source.map_err(AppError::of_store(from))?;
        let target = SqlStore::open(to, keys()).await.map_err(AppError::of_store(to))?;
        let mut bar = ProgressBar::new(terminal);
        let copied = store::copy(&source, &target, &mut |progress| bar.show(progress)).await;
        bar.end();
        source.close().await;
        target.close().await;
        Ok(format!("{} rows are the same in {from} and {to}\n", copied?))
    })
}
