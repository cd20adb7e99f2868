use std::path::PathBuf;

use crate::acme::FolderError;
use crate::domain::WeakSecret;
use crate::metrics::MetricsError;
use crate::oauth::KeysError;
use crate::pages::views::ViewsError;
use crate::proxy::{SocketError, TlsError, UpstreamTlsError};
use crate::store::{Database, RedisServer, StoreError};
use crate::words::TemplateError;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("server.secret: cannot read {}: {why}", path.display())]
    Secret { path: PathBuf, why: std::io::Error },
    #[error(
        "server.secret: cannot create {}: {why}; make the folder writable, or set server.secret to \
         `env:NAME` or `file:PATH`",
        path.display()
    )]
    SecretPlace { path: PathBuf, why: std::io::Error },
    #[error("store.database: cannot write {}: {why}", path.display())]
    DatabasePlace { path: PathBuf, why: std::io::Error },
    #[error("server.secret: {} {why}", path.display())]
    WeakSecret { path: PathBuf, why: WeakSecret },
    #[error(
        "server.secret: the database {database} exists but its secret {} does not: restore the file, or set server.secret \
         to its content; with a new secret every session would be invalid",
        secret.display()
    )]
    SecretGone { secret: PathBuf, database: String },
    #[error("store.database {database}: {why}")]
    Store { database: String, why: StoreError },
    #[error("store.cache {server}: {why}")]
    Cache { server: String, why: StoreError },
    #[error("cannot read the counters: {0}")]
    Counters(StoreError),
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error("pages: {0}")]
    Pages(#[from] ViewsError),
    #[error("sms.template: {0}")]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("acme.folder: {0}")]
    Acme(#[from] FolderError),
    #[error("site.upstream: {0}")]
    UpstreamTls(#[from] UpstreamTlsError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error("cannot start: {0}")]
    Start(#[from] std::io::Error),
}

impl AppError {
    /// The error of a database, with its name.
    pub(super) fn of_store(database: &Database) -> impl Fn(StoreError) -> Self + Copy + '_ {
        move |why| Self::Store { database: database.to_string(), why }
    }

    /// The same of a Redis.
    pub(super) fn of_cache(server: &RedisServer) -> impl Fn(StoreError) -> Self + '_ {
        move |why| Self::Cache { server: server.to_string(), why }
    }
}
