use std::sync::Arc;
use std::time::Duration;

use crate::store::SqlStore;
use crate::system::System;

/// Between two sweeps of what is over. Told by the clock that rules ask, and looked at so often.
const EVERY: Duration = Duration::from_hours(1);
const LOOK: Duration = Duration::from_secs(1);

/// Deletes what is over, first an hour after the start.
pub(super) async fn run(store: Arc<SqlStore>, system: System) {
    let mut last = system.now();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = system.now();
        // A clock that was set back by more begins a new hour.
        if now.since(last) < EVERY && last.since(now) < EVERY {
            continue;
        }
        last = now;
        if let Err(error) = store.sweep(now).await {
            tracing::error!(%error, "what is over was not deleted");
        }
    }
}
