use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::foreign;
use super::migrations;
use super::pool::Pool;
use super::postgres::PostgresServer;
use crate::store::{ContactKeys, EngineUsage, StoreError};

/// `[store]`: the database to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:path`, with the path resolved against the configuration file.
    Sqlite(PathBuf),
    /// `postgres://…`, which several servers may share.
    Postgres(PostgresServer),
}

impl Database {
    /// Reads `sqlite:PATH` or the URL of a PostgreSQL server; `None`: it is neither. A path stays as it is.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the rest of a sentence. Quotes nothing: a URL may hold a password.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        if ["postgres:", "postgresql:"].iter().any(|scheme| text.starts_with(scheme)) {
            let server = PostgresServer::parse(text).map(Self::Postgres);
            return Some(server.map_err(|why| why.to_string()));
        }
        let path = text.strip_prefix("sqlite:")?;
        let file = !path.is_empty() && !path.starts_with("//") && !path.ends_with('/');
        let plain = !path.starts_with(':') && !path.contains(['?', '\0']);
        Some((file && plain).then(|| Self::Sqlite(path.into())).ok_or_else(Self::neither))
    }

    /// What is wrong with a text that names no database.
    pub fn neither() -> String {
        "is neither sqlite:PATH, such as sqlite:data/doorcode.db, nor a postgres://… URL".to_owned()
    }

    /// Why it is not yet open, while it is being opened.
    pub fn opening(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => server.opening.problem(),
        }
    }

    /// Whether there may be one: a file that exists, or one on a server.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::Sqlite(path) => path.exists(),
            Self::Postgres(_) => true,
        }
    }
}

/// As it is named in messages, without credentials.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
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
/// here, in order, and not in SQLite's busy handler, which is unfair. For PostgreSQL, both are one pool.
pub struct SqlStore {
    pub(super) write: Pool,
    pub(super) read: Pool,
    pub(super) contacts: ContactKeys,
}

impl SqlStore {
    /// Opens the database and runs pending migrations. Creates it, if it is a file that does not exist.
    /// `contacts` are needed where there are contacts.
    ///
    /// # Errors
    ///
    /// If it cannot be created, opened or reached, or a migration fails.
    pub async fn open(database: &Database, contacts: ContactKeys) -> Result<Self, StoreError> {
        let store = match database {
            Database::Sqlite(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
                {
                    std::fs::create_dir_all(folder).map_err(StoreError::Folder)?;
                }
                create_private(path).map_err(StoreError::File)?;
                Self::connect_sqlite(path, true, contacts).await?
            }
            Database::Postgres(server) => {
                let store = Self::connect_postgres(server, contacts);
                store.find_primary().await?;
                store
            }
        };
        foreign::refuse_foreign(&store.write).await?;
        migrations::run(&store.write, &store.contacts).await?;
        store.refuse_other_secrets(&store.read).await?;
        Ok(store)
    }

    /// Opens an existing database without migrating it.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherVersion`] if its schema is another version's, [`StoreError::Migration`] if a migration
    /// was another one, [`StoreError::Empty`] or [`StoreError::Foreign`] if it is none of ours; others if the file does not exist or cannot be
    /// opened.
    pub async fn open_existing(
        database: &Database,
        contacts: ContactKeys,
    ) -> Result<Self, StoreError> {
        let store = match database {
            Database::Sqlite(path) => Self::connect_sqlite(path, false, contacts).await?,
            Database::Postgres(server) => {
                let store = Self::connect_postgres(server, contacts);
                store.find_primary().await?;
                store
            }
        };
        if migrations::are_done(&store.read).await? {
            migrations::refuse_changed(&store.read).await?;
            store.refuse_other_secrets(&store.read).await?;
            return Ok(store);
        }
        let why = foreign::other(&store.read).await;
        store.close().await;
        Err(why)
    }

    async fn connect_sqlite(
        path: &Path,
        create: bool,
        contacts: ContactKeys,
    ) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        // A command does not change the file of another program.
        let options = if create { options.journal_mode(SqliteJournalMode::Wal) } else { options };
        let pool =
            |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
        // When SQLite itself rolls a transaction back, as on a full disk, the driver still counts
        // it as open, and later transactions on the connection would never be committed.
        let write = pool(1).test_before_acquire(true).before_acquire(|connection, _| {
            Box::pin(async move { Ok(!connection.is_in_transaction()) })
        });
        let write = write.connect_with(options.clone()).await?;
        let read = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { write: Pool::Sqlite(write), read: Pool::Sqlite(read), contacts })
    }

    async fn find_primary(&self) -> Result<(), StoreError> {
        match &self.write {
            Pool::Sqlite(_) => Ok(()),
            Pool::Postgres(postgres) => postgres.find_primary().await,
        }
    }

    fn connect_postgres(server: &PostgresServer, contacts: ContactKeys) -> Self {
        let pool = Pool::Postgres(server.pool());
        Self { write: pool.clone(), read: pool, contacts }
    }

    /// Of a database that is a process of its own.
    pub fn usage(&self) -> Option<Arc<EngineUsage>> {
        match &self.write {
            Pool::Sqlite(_) => None,
            Pool::Postgres(postgres) => Some(Arc::clone(&postgres.usage)),
        }
    }

    /// Where it is, without credentials, if it is a process of its own.
    pub fn place(&self) -> String {
        match &self.write {
            Pool::Sqlite(_) => String::new(),
            Pool::Postgres(postgres) => postgres.name.to_string(),
        }
    }

    /// How many connections are open.
    pub fn connections(&self) -> u64 {
        match (&self.write, &self.read) {
            (Pool::Sqlite(write), Pool::Sqlite(read)) => u64::from(write.size() + read.size()),
            (Pool::Postgres(postgres), _) => u64::from(postgres.pool.size()),
            (Pool::Sqlite(_), Pool::Postgres(_)) => 0,
        }
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
