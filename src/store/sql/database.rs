use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};

use super::migrations;
use crate::store::StoreError;

/// A transaction of the one database that is supported so far, and a row of it.
pub(super) type SqlTransaction<'c> = sqlx::Transaction<'c, sqlx::Sqlite>;
pub(super) type SqlRow = SqliteRow;

/// `[store]`: the database to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:path`, with the path resolved against the configuration file.
    Sqlite(PathBuf),
}

/// How long a request waits for a connection before it is refused, the driver's own default. The queue
/// is fair: a hundred concurrent logins, each with a commit that waits for a busy disk or processor, are
/// seconds of work and no fault. The timeout is for a database that does not answer at all.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long SQLite waits for the lock of another process, such as an operator's command or a backup,
/// before the statement fails. Shorter than [`ACQUIRE_TIMEOUT`], so that queued requests still run.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// One database. SQLite allows one writer at a time: with a pool of one connection writers queue
/// here, in order, and not in SQLite's busy handler, which is unfair.
pub struct SqlStore {
    pub(super) write: SqlitePool,
    pub(super) read: SqlitePool,
}

impl SqlStore {
    /// Opens the database, creates it if it does not exist, and runs pending migrations.
    ///
    /// # Errors
    ///
    /// If the file cannot be created or opened, or a migration fails.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let Database::Sqlite(path) = database;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::Folder)?;
        }
        create_private(path).map_err(StoreError::File)?;
        let store = Self::connect(path, true).await?;
        migrations::migrator().run(&store.write).await?;
        Ok(store)
    }

    /// Opens an existing database without migrating it.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherVersion`] if its schema is another version's; others if the file does
    /// not exist or cannot be opened.
    pub async fn open_existing(database: &Database) -> Result<Self, StoreError> {
        let Database::Sqlite(path) = database;
        let store = Self::connect(path, false).await?;
        if migrations::are_done(&store.read).await? {
            return Ok(store);
        }
        store.close().await;
        Err(StoreError::OtherVersion)
    }

    async fn connect(path: &Path, create: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool =
            |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
        // When SQLite itself rolls a transaction back, as on a full disk, the driver still counts
        // it as open, and later transactions on the connection would never be committed.
        let write = pool(1).test_before_acquire(true).before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        });
        let write = write.connect_with(options.clone()).await?;
        let read = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { write, read })
    }

    /// Waits for running queries, then closes all connections.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Creates the file with mode 0600 before SQLite does, which would make it world-readable. SQLite
/// gives its auxiliary files the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}
