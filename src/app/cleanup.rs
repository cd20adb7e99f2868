use std::sync::Arc;
use std::time::Duration;

use crate::store::{SqlStore, StoreError};
use crate::system::System;

/// Interval of the cleanup, measured with the injected clock.
const INTERVAL: Duration = Duration::from_hours(1);
/// How often that clock is polled.
const POLL: Duration = Duration::from_secs(1);

/// Deletes expired rows every hour, first an hour after the start, and at the start what a change of the
/// secret left.
pub(super) async fn run(store: Arc<SqlStore>, system: System) {
    report(store.forget_former_indexes().await);
    let mut last = system.now();
    loop {
        tokio::time::sleep(POLL).await;
        let now = system.now();
        // A clock that was set back by more than an hour starts a new interval.
        if now.since(last) < INTERVAL && last.since(now) < INTERVAL {
            continue;
        }
        last = now;
        report(store.clean_up(now).await);
    }
}

fn report<T>(cleanup: Result<T, StoreError>) {
    if let Err(error) = cleanup {
        tracing::error!(%error, "cleanup of the database failed");
    }
}
