mod addresses;
mod connect;
mod link;
mod place;
mod sentinels;
mod server_info;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, FromRedisValue, Value, cmd, from_redis_value};

use self::connect::Connector;
use self::link::Link;
pub use self::place::RedisUrlError;
use super::{CellKey, CellStore};
use crate::domain::Secret;
use crate::store::redis_fault::RedisFault;
use crate::store::{EngineUsage, StoreError};
use crate::system::millis;

/// Where the values are.
#[derive(Clone, Debug)]
pub enum RedisServer {
    /// `redis://` or `rediss://` (TLS), with user, password and number of the database.
    Single(Secret),
    Sentinel {
        /// URLs of the sentinels.
        sentinels: Vec<Secret>,
        /// The URL of the primary, with its name at the sentinels in the place of its host:
        /// `rediss://user:password@doorcode/0`.
        primary: Secret,
    },
    /// URLs of some nodes of a Redis Cluster; they tell of the others.
    Cluster(Vec<Secret>),
}

#[derive(Clone, Debug)]
pub struct RedisSettings {
    pub server: RedisServer,
    /// Certificates (PEM) that TLS connections trust instead of those of the operating system.
    pub roots: Option<Vec<u8>>,
    /// Before each key, so that several programs can share a server.
    pub prefix: String,
    /// The longest that a call waits, with connecting.
    pub wait: Duration,
}

/// KEYS: the key. ARGV: whether there is an old value, and the value; the same of the new one; its
/// life in milliseconds. GET of what is not there is `false` in Lua. Sent whole each time (EVAL), so
/// that a server that has forgotten its scripts needs no second try.
const SWAP: &str = "\
local old = ARGV[1] == '1' and ARGV[2]
if redis.call('GET', KEYS[1]) ~= old then return 0 end
if ARGV[3] == '1' then
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
elseif old then
redis.call('DEL', KEYS[1])
end
return 1";

/// Cells in Redis or Valkey, over one connection that all calls share (of a cluster: one to each
/// node). A connection that fails is replaced at the next call.
pub struct RedisCells {
    link: Link,
    prefix: String,
    wait: Duration,
    usage: Arc<EngineUsage>,
    place: String,
}

impl RedisCells {
    pub fn usage(&self) -> Arc<EngineUsage> {
        Arc::clone(&self.usage)
    }

    /// Connects, and checks that the server can be used, as each later connection does.
    ///
    /// # Errors
    ///
    /// If a URL is not one, the server does not answer in time, or must not be used:
    /// it evicts keys, is a replica or too old.
    pub async fn connect(settings: RedisSettings) -> Result<Self, StoreError> {
        let link = Link::new(Connector::new(&settings)?);
        let place = settings.server.to_string();
        let RedisSettings { prefix, wait, .. } = settings;
        let cells = Self { link, prefix, wait, usage: Arc::default(), place };
        let ready = tokio::time::timeout(cells.wait, cells.link.connection()).await;
        // A server without TLS waits for the rest of what it takes for a command.
        let is_tls = cells.place.starts_with("rediss");
        let silent = if is_tls { RedisFault::NoHandshake } else { RedisFault::TimedOut };
        ready.map_err(|_| silent)??;
        Ok(cells)
    }

    /// Where it is, without credentials.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Judges the server once more: an operator may have changed it. One that must not be used is
    /// used no more, as each new connection judges it too.
    ///
    /// # Errors
    ///
    /// As [`Self::connect`].
    pub async fn judge(&self) -> Result<(), StoreError> {
        let judged = async {
            let mut connection = self.link.connection().await?;
            let judged = connection.judge().await;
            if judged.is_err() {
                self.link.give_up(Some(connection.number));
            }
            judged
        };
        let in_time = async {
            let judged = tokio::time::timeout(self.wait, judged).await;
            Ok(judged.unwrap_or(Err(RedisFault::TimedOut))?)
        };
        self.usage.measure(in_time).await
    }

    fn key(&self, key: &CellKey) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.usage.measure(async { Ok(self.call(command).await?) }).await
    }

    /// Sends a command, once more when the connection was lost, as one is that nobody has used for a
    /// while. A step that was done although its answer was lost is then done twice: see
    /// [`CellStore`].
    async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisFault> {
        let mut used = None;
        let answer = async {
            match self.send(command, &mut used).await {
                Err(RedisFault::Connection(_)) => self.send(command, &mut used).await,
                answer => answer,
            }
        };
        let answer = tokio::time::timeout(self.wait, answer).await;
        let value = answer.unwrap_or_else(|_| {
            self.link.give_up(used);
            Err(RedisFault::TimedOut)
        })?;
        from_redis_value(value).map_err(|_| RedisFault::BadReply)
    }

    /// Sends a command once. Gives the connection up if it failed. `used`: the number of the
    /// connection.
    async fn send(&self, command: &Cmd, used: &mut Option<u64>) -> Result<Value, RedisFault> {
        let mut connection = self.link.connection().await?;
        *used = Some(connection.number);
        let answer = connection.send(command).await;
        if answer.as_ref().is_err_and(RedisFault::ends_connection) {
            self.link.give_up(*used);
        }
        answer
    }
}

#[async_trait]
impl CellStore for RedisCells {
    async fn get(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        let mut get = cmd("GET");
        get.arg(self.key(key));
        self.ask(&get).await
    }

    async fn swap(
        &self,
        key: &CellKey,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
        lives: Duration,
    ) -> Result<bool, StoreError> {
        let mut swap = cmd("EVAL");
        swap.arg(SWAP).arg(1).arg(self.key(key));
        for value in [old, new] {
            swap.arg(u8::from(value.is_some())).arg(value.unwrap_or_default());
        }
        swap.arg(millis(lives).max(1));
        self.ask(&swap).await
    }

    async fn take(&self, key: &CellKey) -> Result<Option<Vec<u8>>, StoreError> {
        let mut take = cmd("GETDEL");
        take.arg(self.key(key));
        self.ask(&take).await
    }
}
