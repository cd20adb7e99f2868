use super::redis_fault::RedisFault;
use crate::domain::UserId;

/// A store could not do what it was asked. Callers refuse the request; they never let it through.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database did not answer in time")]
    Silent,
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(
        "the schema is that of another version of doorcode: use the version that the servers run. \
         If this version is the newer one, start its server first, which migrates the database"
    )]
    OtherVersion,
    /// A column holds a value that its type does not allow.
    #[error("a row of `{table}` has an invalid value in `{column}`")]
    BadRow { table: &'static str, column: &'static str },
    #[error("server.secret is needed for phone numbers, which are encrypted under it")]
    NoContactKeys,
    #[error(
        "a phone number is encrypted under another secret than server.secret: set it to the secret that \
         this database was used with"
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

impl StoreError {
    /// Whether the database could not be reached, or not for writing.
    pub(super) const fn is_unreachable(&self) -> bool {
        use sqlx::Error::{Io, PoolTimedOut, Protocol, Tls};
        matches!(self, Self::Silent | Self::Database(Io(_) | PoolTimedOut | Protocol(_) | Tls(_)))
    }
}
