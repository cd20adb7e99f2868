use std::time::Duration;

use super::{Database, RedisSettings};

/// `[store]`.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    pub database: Database,
    /// How long what a server knows of sessions and grants is relied on while the database does not
    /// answer.
    pub outage: Duration,
    pub cache: CacheSettings,
    /// How long what became of login attempts is kept; `None`: it is not.
    pub attempt_history: Option<Duration>,
}

/// Where what expires is kept: logins in progress, tickets, counts of less than an hour.
#[derive(Clone, Debug)]
pub enum CacheSettings {
    /// In the process: for one server.
    Memory,
    /// In the database.
    Database,
    Redis(Box<RedisSettings>),
}

impl CacheSettings {
    /// The name of every Redis.
    pub const REDIS: &'static str = "redis";

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Database => "database",
            Self::Redis(_) => Self::REDIS,
        }
    }
}
