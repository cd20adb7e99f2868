use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::nodes::NodeStatus;
use crate::proxy::ReadinessCheck;
use crate::store::{SessionStore as _, SqlStore};

/// After this time a store counts as not answering.
const PATIENCE: Duration = Duration::from_secs(3);

/// What must hold before a server is ready, apart from its own start.
pub(super) fn checks(store: &Arc<SqlStore>, nodes: &Arc<NodeStatus>) -> Vec<ReadinessCheck> {
    let (store, nodes) = (Arc::clone(store), Arc::clone(nodes));
    let database = move || -> BoxFuture<'static, Option<String>> {
        let store = Arc::clone(&store);
        Box::pin(async move {
            let answered = tokio::time::timeout(PATIENCE, store.ping()).await;
            let answers = matches!(answered, Ok(Ok(())));
            (!answers).then(|| "the database does not answer".to_owned())
        })
    };
    let conflict = move || -> BoxFuture<'static, Option<String>> {
        let conflict = nodes.conflict();
        Box::pin(async move { conflict })
    };
    vec![Box::new(database), Box::new(conflict)]
}
