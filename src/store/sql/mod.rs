//! Users, sessions, spent codes, grants and signing keys in a database. One SQL text that SQLite and
//! Postgres both take; so far only SQLite is opened. Times are milliseconds since 1970.
mod changes;
mod codes;
mod counters;
mod grants;
mod logins;
mod migrations;
mod sessions;
mod signing_keys;
mod sweep;
mod users;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::StoreError;

pub use sweep::Swept;

/// `[store]`: where durable things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:path`, the path already made absolute or relative to the configuration file.
    Sqlite(PathBuf),
}

/// How long a request waits for its turn at a connection before it is refused. The queue is fair and
/// moves on: a hundred logins at one moment, each a commit that waits for a busy disk or processor, are
/// seconds of work and no fault. The bound, the driver's own, is for a database that never answers.
const TURN: Duration = Duration::from_secs(30);
/// How long SQLite waits for the lock of another process, such as a command of an operator or a
/// backup, before the statement fails. Shorter than [`TURN`]: what waits behind it still has its turn.
const LOCK: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// One database. SQLite takes one writer at a time: a pool of one keeps the queue here, where it
/// is fair, and not in SQLite's busy handler.
pub struct SqlStore {
    write: SqlitePool,
    read: SqlitePool,
}

impl SqlStore {
    /// Opens the database, makes it when missing, and brings its tables up to date.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let Database::Sqlite(path) = database;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::Folder)?;
        }
        only_for_us(path).map_err(StoreError::File)?;
        let store = Self::connect(path, true).await?;
        migrations::migrator().run(&store.write).await?;
        Ok(store)
    }

    /// Opens a database that is there and changes nothing: tables of another version are refused.
    pub async fn open_as_it_is(database: &Database) -> Result<Self, StoreError> {
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
            .busy_timeout(LOCK);
        let pool = |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(TURN);
        // A transaction that the database itself ended, as a full disk makes it do, still counts as
        // open to the driver: what came after it would never be committed.
        let write = pool(1).test_before_acquire(true).before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        });
        let write = write.connect_with(options.clone()).await?;
        let read = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { write, read })
    }

    /// Waits until what is under way is done, then closes the files.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Makes the file before SQLite does, which would let everybody on the machine read the numbers in
/// it. SQLite gives the files beside it the same permissions.
fn only_for_us(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// Lower-case hexadecimal, as digests are kept.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
