//! Tells in the log when an engine that is another process goes away and when it is back, and looks
//! whether it may still be used.
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::readiness;
use crate::proxy::BackgroundJob;
use crate::store::{EngineUsage, RedisCells, SqlStore};
use crate::system::{System, Timestamp};

/// Interval of looking at what the calls of requests have met. Shorter outages are not told.
const INTERVAL: Duration = Duration::from_millis(250);
/// Interval of asking Redis for its settings, which an operator may change.
const JUDGED_EVERY: Duration = Duration::from_mins(1);

/// The engines of a server.
struct EngineWatch {
    engines: Vec<Engine>,
    redis: Option<Arc<RedisCells>>,
    system: System,
}

struct Engine {
    /// With its hosts.
    name: String,
    usage: Arc<EngineUsage>,
    /// Since when it is away, if that was told.
    away: Option<Instant>,
}

/// The job that watches the engines of a server.
pub(super) fn job(
    store: &Arc<SqlStore>,
    redis: Option<&Arc<RedisCells>>,
    system: &System,
) -> BackgroundJob {
    let database = store.usage().map(|usage| Engine::new(store.place(), usage));
    let cells = redis.map(|redis| Engine::new(redis.place().to_owned(), redis.usage()));
    let watch = EngineWatch {
        engines: database.into_iter().chain(cells).collect(),
        redis: redis.map(Arc::clone),
        system: system.clone(),
    };
    BackgroundJob { name: "engines", run: Box::pin(watch.run()) }
}

impl EngineWatch {
    async fn run(mut self) {
        let mut judged = self.system.steady();
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Some(redis) = self.redis.clone() {
                judged = look_at_redis(&redis, judged, self.system.steady()).await;
            }
            self.engines.iter_mut().for_each(Engine::tell);
        }
    }
}

/// Judges it from time to time, and asks one that is away whether it is back: it may be that nobody
/// else does. The database is polled anyway. Returns when it was last judged.
async fn look_at_redis(redis: &RedisCells, judged: Timestamp, now: Timestamp) -> Timestamp {
    let is_due = now.since(judged) >= JUDGED_EVERY;
    if redis.usage().outage().is_some() {
        drop(readiness::look(redis).await);
    } else if is_due {
        // It is told as an outage.
        drop(redis.judge().await);
    }
    if is_due { now } else { judged }
}

impl Engine {
    const fn new(name: String, usage: Arc<EngineUsage>) -> Self {
        Self { name, usage, away: None }
    }

    fn tell(&mut self) {
        match (self.away, self.usage.outage()) {
            (None, Some(outage)) => {
                tell_away(&self.name, &outage.why);
                self.away = Some(outage.since);
            }
            (Some(since), None) => {
                tell_back(&self.name, since.elapsed().as_secs());
                self.away = None;
            }
            _ => {}
        }
    }
}

fn tell_away(engine: &str, why: &str) {
    tracing::error!(engine, why, "an engine is away");
}

fn tell_back(engine: &str, seconds: u64) {
    tracing::info!(engine, seconds, "an engine is back");
}
