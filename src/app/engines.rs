use std::sync::Arc;

use crate::metrics::{self, Metric, ObservedState};
use crate::store::{EngineUsage, SqlStore};

/// The engines that are processes of their own, for the metrics: one that is not used stays at zero.
pub(super) fn watched(
    store: &Arc<SqlStore>,
    redis: Option<&Arc<EngineUsage>>,
) -> Vec<ObservedState> {
    let unused = Arc::<EngineUsage>::default;
    let database = store.usage().unwrap_or_else(unused);
    let redis = redis.map_or_else(unused, Arc::clone);
    let connections = Arc::clone(store);
    vec![
        of(&database, &metrics::DATABASE_CALLS, EngineUsage::calls),
        of(&database, &metrics::DATABASE_FAILURES, EngineUsage::failures),
        of(&database, &metrics::DATABASE_TIME, EngineUsage::milliseconds),
        ObservedState {
            row: &metrics::DATABASE_CONNECTIONS,
            now: Box::new(move || connections.connections()),
        },
        of(&redis, &metrics::REDIS_CALLS, EngineUsage::calls),
        of(&redis, &metrics::REDIS_FAILURES, EngineUsage::failures),
        of(&redis, &metrics::REDIS_TIME, EngineUsage::milliseconds),
    ]
}

fn of(
    usage: &Arc<EngineUsage>,
    row: &'static Metric,
    read: fn(&EngineUsage) -> u64,
) -> ObservedState {
    let usage = Arc::clone(usage);
    ObservedState { row, now: Box::new(move || read(&usage)) }
}
