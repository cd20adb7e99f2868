use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::AppError;
use crate::acme::FolderError;
use crate::config::Config;
use crate::domain::{Keyring, ServerSecret};
use crate::store::Database;
use crate::system::System;

/// The server secrets: from the configuration, else from the file beside it, which is created only
/// together with a new database.
pub(super) fn keyring(config: &Config, system: &System) -> Result<Keyring, AppError> {
    if let Some(keyring) = found(config)? {
        return Ok(keyring);
    }
    let path = &config.secret_file;
    create(path, system).map_err(|why| AppError::SecretPlace { path: path.clone(), why })?;
    read(path)
}

/// The secrets of an existing database; `None` if there is no database yet.
pub(super) fn of_existing(config: &Config) -> Result<Option<Keyring>, AppError> {
    if config.store.database.may_exist() { found(config) } else { Ok(None) }
}

/// The existing secrets; `None` if there is neither a secret nor a database. A database without its
/// secret is refused: with a new secret every session would be invalid without explanation.
fn found(config: &Config) -> Result<Option<Keyring>, AppError> {
    if let Some(keyring) = &config.secrets {
        return Ok(Some(keyring.clone()));
    }
    let (secret, database) = (&config.secret_file, &config.store.database);
    match (secret.exists(), database.may_exist()) {
        (true, _) => read(secret).map(Some),
        (false, false) => Ok(None),
        (false, true) => {
            Err(AppError::SecretGone { secret: secret.clone(), database: database.to_string() })
        }
    }
}

/// Checks what a start would check beyond the configuration file, without changing anything but for a
/// moment: an empty file shows whether a folder can be written.
///
/// # Errors
///
/// When the secret is missing, unreadable or weak, or when it or the database could not be written.
pub fn examine(config: &Config) -> Result<(), Box<dyn Error>> {
    let secret = &config.secret_file;
    if found(config)?.is_none() {
        place(secret).map_err(|why| AppError::SecretPlace { path: secret.clone(), why })?;
    }
    if let Some(acme) = &config.acme {
        let path = acme.folder.clone();
        place(&path.join("account")).map_err(|why| FolderError::Unwritable { path, why })?;
    }
    let Database::Sqlite(database) = &config.store.database else { return Ok(()) };
    let failed = |why| AppError::DatabasePlace { path: database.clone(), why };
    place(database).map_err(failed)?;
    if database.exists() {
        fs::OpenOptions::new().append(true).open(database).map_err(failed)?;
    }
    Ok(())
}

/// Whether a file can be created at `path`, with the folders above it.
fn place(path: &Path) -> std::io::Result<()> {
    let here = Path::new(".");
    let above = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(here);
    let folder = above.ancestors().find(|folder| folder.exists()).unwrap_or(here);
    let probe = folder.join(format!(".doorcode-check-{}", std::process::id()));
    fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    fs::remove_file(&probe)
}

fn read(path: &Path) -> Result<Keyring, AppError> {
    let text =
        fs::read_to_string(path).map_err(|why| AppError::Secret { path: path.to_owned(), why })?;
    let secret = ServerSecret::new(&text)
        .map_err(|why| AppError::WeakSecret { path: path.to_owned(), why })?;
    Ok(Keyring::new(secret, Vec::new()))
}

fn create(path: &Path, system: &System) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let text = STANDARD.encode(system.random::<32>());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
