use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::nodes::NodeStatus;
use crate::domain::AttemptKey;
use crate::proxy::ReadinessCheck;
use crate::store::{CellKey, CellStore, RedisCells, SessionStore as _, SqlStore, StoreError};

/// After this time a store counts as not answering.
const PATIENCE: Duration = Duration::from_secs(3);

/// What must hold before a server is ready, apart from its own start.
pub(super) fn checks(
    store: &Arc<SqlStore>,
    redis: Option<&Arc<RedisCells>>,
    nodes: &Arc<NodeStatus>,
) -> Vec<ReadinessCheck> {
    let (store, nodes) = (Arc::clone(store), Arc::clone(nodes));
    let database = move || -> BoxFuture<'static, Option<String>> {
        let store = Arc::clone(&store);
        Box::pin(unanswered("the database", async move { store.ping().await }))
    };
    let conflict = move || -> BoxFuture<'static, Option<String>> {
        let conflict = nodes.conflict();
        Box::pin(async move { conflict })
    };
    let mut checks: Vec<ReadinessCheck> = vec![Box::new(database), Box::new(conflict)];
    if let Some(redis) = redis.map(Arc::clone) {
        checks.push(Box::new(move || {
            let redis = Arc::clone(&redis);
            Box::pin(unanswered("Redis", async move { look(&*redis).await }))
        }));
    }
    checks
}

/// Writes a value that means nothing: a server that is full or a replica may still be read.
pub(super) async fn look(cells: &dyn CellStore) -> Result<(), StoreError> {
    let key = CellKey::attempt(AttemptKey::from_bytes([0; 32]));
    cells.swap(&key, None, Some(b"probe"), PATIENCE).await.map(drop)
}

async fn unanswered(
    name: &'static str,
    asked: impl Future<Output = Result<(), StoreError>> + Send,
) -> Option<String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(())) => None,
        Ok(Err(StoreError::Redis(fault))) if fault.is_misuse() => Some(format!("{name}: {fault}")),
        _ => Some(format!("{name} does not answer")),
    }
}
