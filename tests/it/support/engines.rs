//! PostgreSQL and a cache beside it that one test has for itself, with a network before each: what may
//! be killed, cut off and restarted.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doorcode::domain::Secret;
use doorcode::store::{CacheSettings, Database, RedisServer, RedisSettings, StoreSettings};
use sqlx::{AssertSqlSafe, PgConnection};

use super::postgresql::{PATIENCE, Server, server_at};
use super::redis_server::{TestRedis, settings};
use super::relay::Relay;
use super::tables::Count;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    Memory,
    Database,
    Redis,
}

pub(crate) struct Engines {
    server: Server,
    /// The name of the database.
    name: String,
    to_server: Relay,
    cache: Cache,
    redis: Option<(TestRedis, Relay)>,
    is_killed: AtomicBool,
    /// The test's own, which no network is before.
    connection: tokio::sync::Mutex<Option<PgConnection>>,
}

/// What other connections to the database are at.
const BUSY: &str = "SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";

impl Engines {
    pub(crate) async fn start(cache: Cache) -> Self {
        let server = Server::start();
        let (_, name) = server.database().await;
        let to_server = Relay::to(server.port());
        let redis = (cache == Cache::Redis).then(|| {
            let redis = TestRedis::start();
            let relay = Relay::to(redis.port);
            (redis, relay)
        });
        let (is_killed, connection) = (AtomicBool::default(), tokio::sync::Mutex::default());
        Self { server, name, to_server, cache, redis, is_killed, connection }
    }

    /// The settings of these engines as the store. Nothing is refused because a machine is busy: what
    /// fails here fails at once.
    pub(crate) fn settings(&self, outage: Duration) -> StoreSettings {
        let here = format!("127.0.0.1:{}", self.to_server.port);
        let server = server_at(&here, &self.name).with_wait(PATIENCE);
        let cache = match (self.cache, &self.redis) {
            (Cache::Memory, _) => CacheSettings::Memory,
            (Cache::Redis, Some((_, relay))) => CacheSettings::Redis(Box::new(at(relay.port))),
            (Cache::Database | Cache::Redis, _) => CacheSettings::Database,
        };
        StoreSettings { database: Database::Postgres(server), cache, outage, attempt_history: None }
    }

    /// Kills PostgreSQL, whatever it is at.
    pub(crate) fn kill(&self) {
        self.is_killed.store(true, Ordering::SeqCst);
        self.server.kill();
    }

    /// Cuts all connections; new ones end at once.
    pub(crate) fn cut_off(&self) {
        self.to_server.end();
        if let Some((_, relay)) = &self.redis {
            relay.end();
        }
    }

    /// Everything is there again.
    pub(crate) fn mend(&self) {
        if self.is_killed.swap(false, Ordering::SeqCst) {
            self.server.start_again();
        }
        self.to_server.pass();
        if let Some((_, relay)) = &self.redis {
            relay.pass();
        }
    }

    /// Waits until nobody is in the middle of a statement or transaction.
    pub(crate) async fn settle(&self) {
        while self.number(BUSY).await > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) async fn count(&self, count: Count) -> i64 {
        self.number(count.sql()).await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut kept = self.connection.lock().await;
        loop {
            let mut connection = self.connection(kept.take()).await;
            // One that was cut is replaced.
            if let Ok(number) = sqlx::query_scalar(sql).fetch_one(&mut connection).await {
                *kept = Some(connection);
                return number;
            }
        }
    }

    async fn connection(&self, kept: Option<PgConnection>) -> PgConnection {
        match kept {
            Some(connection) => connection,
            None => self.connect().await,
        }
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        self.server.connect(&self.name).await
    }

    /// One transaction, which may be done twice while the server crashes.
    pub(crate) async fn execute(&self, sql: String) {
        loop {
            let mut connection = self.connect().await;
            let done = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await;
            match done {
                Ok(_) => return,
                Err(error) if is_lost(&error) => {}
                Err(error) => panic!("{sql}: {error}"),
            }
        }
    }
}

/// Whether the connection went, or what worked on it (class 57 of PostgreSQL's errors).
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57")),
        _ => false,
    }
}

/// A Redis at this port of the loopback.
fn at(port: u16) -> RedisSettings {
    let url = Secret::new(format!("redis://127.0.0.1:{port}/0"));
    RedisSettings { wait: PATIENCE, ..settings(RedisServer::Single(url)) }
}
