//! PostgreSQL: where it is, and how it is connected to.
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{Connection as _, Row as _};
use url::Url;

use super::opening::Opening;
use super::stale_connections::StaleConnections;
use crate::domain::Secret;
use crate::store::{EngineUsage, StoreError};

/// How long PostgreSQL may take for one statement, all of which touch few rows. A server that hangs, or
/// that the network no longer reaches, would hold a request and a connection for ever.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections of one process. Each costs the server a process of its own.
const CONNECTIONS: u32 = 16;
/// See [`PostgresServer::with_wait`].
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// The parameters of a URL that have an effect (libpq, PostgreSQL documentation §34.1.2).
const PARAMETERS: [&str; 6] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "host"];

/// A PostgreSQL database: `postgres://user@host:5432/name`. Of several hosts, separated by commas, the
/// one that accepts writes is used.
#[derive(Clone)]
pub struct PostgresServer {
    hosts: Vec<PgConnectOptions>,
    /// The parameters of the URL that are files.
    files: Vec<(FileParameter, PathBuf)>,
    wait: Duration,
    pub(super) opening: Opening,
    /// The URL without credentials and parameters.
    name: String,
}

/// Why a URL does not name a database. Quotes nothing of it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    #[error("is not a URL such as \"postgres://doorcode@db.example.com:5432/doorcode\"")]
    NotAUrl,
    #[error(
        "holds a password: write it to `store.database_password`, as `env:NAME` or `file:PATH`"
    )]
    Password,
    #[error("names no user: write it before the host, as in \"postgres://doorcode@host/doorcode\"")]
    NoUser,
    #[error("names no database: its path must be one name, as in \"postgres://host/doorcode\"")]
    NoDatabase,
    #[error("has a parameter that is not known; known are {}", PARAMETERS.join(", "))]
    UnknownParameter,
    #[error("has a parameter whose value is not known, such as `sslmode`")]
    BadParameter,
}

impl PostgresServer {
    /// # Errors
    ///
    /// When `url` is not one of a PostgreSQL database.
    pub fn parse(url: &str) -> Result<Self, PostgresUrlError> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or(PostgresUrlError::NotAUrl)?;
        let (authority, path) = rest.split_once('/').ok_or(PostgresUrlError::NoDatabase)?;
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        // A slash in a password ends the host there.
        if user.contains(':') || path.contains('@') || path.contains("password=") {
            return Err(PostgresUrlError::Password);
        }
        // The driver would take the name of the operating system's user.
        if user.is_empty() {
            return Err(PostgresUrlError::NoUser);
        }
        let user = format!("{user}@");
        let each = hosts.split(',').map(|host| connect_options(&user, host, path));
        let name = format!("postgres://{hosts}/{}", path.split('?').next().unwrap_or_default());
        let hosts = each.collect::<Result<_, _>>()?;
        Ok(Self {
            hosts,
            files: files(path),
            wait: DEFAULT_WAIT,
            opening: Opening::default(),
            name,
        })
    }

    /// With the files that its URL names where `resolve` finds them.
    ///
    /// # Errors
    ///
    /// What is wrong with one of them.
    pub fn with_files(
        mut self,
        resolve: impl Fn(&str) -> Result<PathBuf, String>,
    ) -> Result<Self, String> {
        for (parameter, path) in &mut self.files {
            *path = resolve(&path.to_string_lossy())?;
            let with_file = |host| parameter.set(host, path);
            self.hosts = self.hosts.into_iter().map(with_file).collect();
        }
        Ok(self)
    }

    /// With a password that is configured apart from the URL.
    #[must_use]
    pub fn with_password(self, password: &Secret) -> Self {
        let hosts = self.hosts.into_iter().map(|host| host.password(password.reveal()));
        Self { hosts: hosts.collect(), ..self }
    }

    /// With a limit for how long a request waits for a connection before it is refused.
    #[must_use]
    pub fn with_wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Connects when a connection is needed.
    pub(super) fn pool(&self) -> PostgresPool {
        let options = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(self.wait)
            .after_connect(|connection, _| Box::pin(accepts_writes(connection)))
            .after_release(|connection, _| Box::pin(still_answers(connection)));
        let stale = StaleConnections::default();
        let known = stale.clone();
        let options = options.before_acquire(move |_, found| {
            let is_good = !known.include(found.age);
            Box::pin(async move { Ok(is_good) })
        });
        let hosts: Arc<[_]> = self.hosts.clone().into();
        let first = hosts.first().cloned().unwrap_or_default();
        PostgresPool {
            pool: options.connect_lazy_with(first),
            hosts,
            current: Arc::default(),
            usage: Arc::default(),
            opening: self.opening.clone(),
            name: self.name.as_str().into(),
            stale,
        }
    }
}

/// A parameter of a URL that is the path of a file.
#[derive(Clone, Copy)]
enum FileParameter {
    RootCertificate,
    ClientCertificate,
    ClientKey,
}

impl FileParameter {
    fn of(name: &str) -> Option<Self> {
        match name {
            "sslrootcert" => Some(Self::RootCertificate),
            "sslcert" => Some(Self::ClientCertificate),
            "sslkey" => Some(Self::ClientKey),
            _ => None,
        }
    }

    fn set(self, host: PgConnectOptions, path: &Path) -> PgConnectOptions {
        match self {
            Self::RootCertificate => host.ssl_root_cert(path),
            Self::ClientCertificate => host.ssl_client_cert(path),
            Self::ClientKey => host.ssl_client_key(path),
        }
    }
}

fn files(path: &str) -> Vec<(FileParameter, PathBuf)> {
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let each = url::form_urlencoded::parse(query.as_bytes());
    each.filter_map(|(name, path)| Some((FileParameter::of(&name)?, path.into_owned().into())))
        .collect()
}

/// The options for one of the hosts.
fn connect_options(
    user: &str,
    host: &str,
    path: &str,
) -> Result<PgConnectOptions, PostgresUrlError> {
    let text = format!("postgres://{user}{host}/{path}");
    let url = Url::parse(&text).map_err(|_| PostgresUrlError::NotAUrl)?;
    let database = url.path().trim_start_matches('/');
    if database.is_empty() || database.contains('/') {
        return Err(PostgresUrlError::NoDatabase);
    }
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    if !names.iter().all(|name| PARAMETERS.contains(&name.as_str())) {
        return Err(PostgresUrlError::UnknownParameter);
    }
    let options = PgConnectOptions::from_str(&text).map_err(|_| PostgresUrlError::BadParameter)?;
    // Brackets belong to the URL, not to the address.
    let address = options.get_host().trim_matches(['[', ']']).to_owned();
    let options = if host.starts_with('[') { options.host(&address) } else { options };
    let is_here = options.get_socket().is_some() || is_loopback(options.get_host());
    let is_told = names.iter().any(|name| name == "sslmode");
    // libpq would try TLS, and go on in plain text with whoever says that they have none.
    let mode = if is_here { PgSslMode::Prefer } else { PgSslMode::VerifyFull };
    let options = if is_told { options } else { options.ssl_mode(mode) };
    let options = if names.iter().any(|name| name == "application_name") {
        options
    } else {
        options.application_name("doorcode")
    };
    Ok(options.options([
        ("statement_timeout", STATEMENT_TIMEOUT.as_millis()),
        // The locks of a process that hangs are not held for longer.
        ("idle_in_transaction_session_timeout", 2 * STATEMENT_TIMEOUT.as_millis()),
    ]))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

async fn try_host(host: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(host).await?;
    accepts_writes(&mut connection).await?;
    connection.close().await
}

/// Refuses a server that is a replica, or was a primary before a failover.
async fn accepts_writes(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query("SHOW transaction_read_only").fetch_one(connection).await?;
    match row.try_get(0)? {
        "off" => Ok(()),
        _ => Err(sqlx::Error::Protocol("the server accepts no writes".to_owned())),
    }
}

/// Ends a connection that is given back and no longer answers, as one whose network is gone since a
/// transaction began. The pool itself waits for an answer without a limit, and would never replace it.
async fn still_answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(STATEMENT_TIMEOUT, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::Protocol("the connection no longer answers".to_owned())),
    }
}

/// A pool of connections to the host that is current.
#[derive(Clone, Debug)]
pub(super) struct PostgresPool {
    pub(super) pool: PgPool,
    hosts: Arc<[PgConnectOptions]>,
    current: Arc<AtomicUsize>,
    pub(super) usage: Arc<EngineUsage>,
    pub(super) opening: Opening,
    /// The URL without credentials and parameters.
    pub(super) name: Arc<str>,
    stale: StaleConnections,
}

impl PostgresPool {
    /// Connects to the first of the hosts that accepts writes, apart from the pool, which would only tell
    /// that no connection came in time.
    ///
    /// # Errors
    ///
    /// That of the last host, if none does.
    pub(super) async fn find_primary(&self) -> Result<(), StoreError> {
        self.opening.waits();
        let mut found = Err(StoreError::Silent);
        for (index, host) in self.hosts.iter().enumerate() {
            found = in_time(Box::pin(try_host(host))).await;
            if found.is_ok() {
                self.current.store(index, Ordering::Relaxed);
                self.pool.set_connect_options(host.clone());
                break;
            }
        }
        self.opening.ends();
        found
    }

    /// The result of what the server is asked on a connection of the pool.
    pub(super) async fn ask<T>(
        &self,
        asked: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        // Boxed: acquiring a connection takes ten kilobytes of state.
        self.observe(self.usage.measure(in_time(Box::pin(asked))).await)
    }

    /// Passes a result on. When no connection could be had, the next one is sought at the next host.
    pub(super) fn observe<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result
            && error.is_read_only()
        {
            self.stale.are_all();
        }
        if let Err(error) = &result
            && error.is_unreachable()
            && self.hosts.len() > 1
        {
            let next = (self.current.fetch_add(1, Ordering::Relaxed) + 1) % self.hosts.len();
            self.pool.set_connect_options(self.hosts[next].clone());
        }
        result
    }
}

/// The result of what PostgreSQL is asked, unless that takes too long.
pub(super) async fn in_time<T>(
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(STATEMENT_TIMEOUT, asked).await {
        // No connection could be had.
        Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => Err(StoreError::Silent),
        Ok(result) => Ok(result?),
    }
}

impl PartialEq for PostgresServer {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for PostgresServer {}

impl fmt::Display for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Without the password.
impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresServer({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{PostgresServer, PostgresUrlError};

    #[test]
    fn addresses_of_either_version_are_read_and_no_password_is() {
        for (url, hosts) in [
            ("postgres://me@db.example.com/n", &["db.example.com"][..]),
            ("postgresql://me@[::1]:5433/n", &["::1"]),
            ("postgres://me@one:1,[fd00::2]:2/n?sslmode=disable", &["one", "fd00::2"]),
        ] {
            let server = PostgresServer::parse(url).expect(url);
            let read: Vec<&str> =
                server.hosts.iter().map(sqlx::postgres::PgConnectOptions::get_host).collect();
            assert_eq!(read, hosts, "{url}");
        }
        for url in
            ["postgres://me:pw@h/n", "postgres://me:2024/Summer@h/n", "postgres://h/n?password=x"]
        {
            let refused = PostgresServer::parse(url).expect_err(url);
            assert_eq!(refused, PostgresUrlError::Password, "{url}");
        }
        let refused = PostgresServer::parse("postgres://h/n").expect_err("no user");
        assert_eq!(refused, PostgresUrlError::NoUser);
    }
}
