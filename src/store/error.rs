use sqlx::migrate::MigrateError;

use super::redis_fault::RedisFault;
use crate::domain::UserId;
use crate::events::StoreFailure;

/// A store could not do what it was asked. Callers refuse the request; they never let it through.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {}", text_of(.0))]
    Database(#[from] sqlx::Error),
    #[error("the database did not answer in time")]
    Silent,
    #[error("migration: {}", text_of_migration(.0))]
    Migration(#[from] MigrateError),
    #[error(
        "the schema is that of another version of doorcode: use the version that the servers run. \
         If this version is the newer one, start its server first, which migrates the database"
    )]
    OtherVersion,
    #[error("the database has no tables of doorcode yet: the first start makes them")]
    Empty,
    /// Tables of our names that no migration of ours has made.
    #[error(
        "the database has tables of another program ({tables}) and none that doorcode made: name \
         a database, or for PostgreSQL a schema, of its own"
    )]
    Foreign { tables: String },
    /// A column holds a value that its type does not allow.
    #[error("a row of `{table}` has an invalid value in `{column}`")]
    BadRow { table: &'static str, column: &'static str },
    #[error("server.secret is needed for phone numbers, which are encrypted under it")]
    NoContactKeys,
    #[error(
        "phone numbers are encrypted under another secret than those of server.secret. Set it to the one that \
         this database was used with; to change it, name both and run `doorcode secret rotate` before the \
         former one goes"
    )]
    OtherSecret,
    #[error("the phone number of the user {user} is another user's too")]
    TwoUsers { user: UserId },
    #[error("cannot create the database's directory: {0}")]
    Folder(std::io::Error),
    #[error("cannot open the database file: {0}")]
    File(std::io::Error),
    #[error("redis: {0}")]
    Redis(#[from] RedisFault),
    /// A shared value is not one that this version writes.
    #[error("the value of a `{kind}` that is shared by all nodes is unreadable")]
    BadCell { kind: &'static str },
    /// Others changed a shared value as often as this process tried to.
    #[error("a `{kind}` that is shared by all nodes is changed by too many at once")]
    Contended { kind: &'static str },
}

/// Of a server that is a replica by now (PostgreSQL documentation, appendix A).
const READ_ONLY: &str = "25006";
/// Of a server that starts, recovers or is a replica that takes no connections.
const CANNOT_CONNECT_NOW: &str = "57P03";
/// Of a server that shuts down or has crashed, or whose operator cut a connection.
const SHUTDOWNS: [&str; 2] = ["57P01", "57P02"];

impl StoreError {
    /// Whether the database could not be reached, or not for writing.
    pub(super) fn is_unreachable(&self) -> bool {
        use sqlx::Error::{Io, PoolTimedOut, Protocol, Tls};
        matches!(self, Self::Silent | Self::Database(Io(_) | PoolTimedOut | Protocol(_) | Tls(_)))
            || self.is_code(&[READ_ONLY, CANNOT_CONNECT_NOW])
    }

    /// Whether the server of the database was a primary, and is none any more.
    pub(super) fn is_read_only(&self) -> bool {
        self.is_code(&[READ_ONLY])
    }

    fn is_code(&self, codes: &[&str]) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| codes.contains(&&*code))
    }
}

impl StoreFailure for StoreError {
    fn is_outage(&self) -> bool {
        let redis = matches!(self, Self::Redis(fault) if fault.ends_connection());
        // That of SQLite's pool: a file is never away. PostgreSQL's is `Silent`.
        let is_busy = matches!(self, Self::Database(sqlx::Error::PoolTimedOut));
        redis || (self.is_unreachable() && !is_busy) || self.is_code(&SHUTDOWNS)
    }
}

/// PostgreSQL's own text, without the line of its source that the driver adds.
fn text_of(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    }
}

fn text_of_migration(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) => text_of(error),
        MigrateError::ExecuteMigration(error, version) => format!("{version}: {}", text_of(error)),
        _ => error.to_string(),
    }
}
