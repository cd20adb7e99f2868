use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::events::StoreFailure as _;
use crate::proxy::ConfigSnapshot;
use crate::session::Sessions;
use crate::store::StoreError;
use crate::system::System;

/// Interval of polling the store's change feed, for ended sessions, revoked grants and changed users.
/// Polled sooner where the store tells of changes.
const INTERVAL: Duration = Duration::from_millis(500);
/// After this time the store counts as not answering, and is asked again.
const PATIENCE: Duration = Duration::from_secs(3);

/// Applies changes of the store to what this process knows of it.
pub(super) struct ChangePolling {
    pub(super) sessions: Arc<Sessions>,
    pub(super) snapshot: Arc<ArcSwap<ConfigSnapshot>>,
    pub(super) system: System,
    /// How long what this process knows is relied on without word from the store.
    pub(super) outage: Duration,
}

impl ChangePolling {
    pub(super) async fn run(self) {
        let mut heard = self.system.steady();
        let mut is_away = false;
        let mut listener = self.sessions.listen();
        loop {
            let applied = self.apply().await;
            match &applied {
                Err(error) if !is_away => tell_away(error),
                Ok(()) if is_away => tell_back(),
                _ => {}
            }
            is_away = applied.is_err();
            if !is_away {
                heard = self.system.steady();
            } else if self.system.steady().since(heard) >= self.outage {
                self.sessions.forget_all();
            }
            self.sessions.wake_expired(self.snapshot.load().authorizer.session_settings());
            listener.changed(INTERVAL).await;
        }
    }

    async fn apply(&self) -> Result<(), StoreError> {
        match tokio::time::timeout(PATIENCE, self.sessions.apply_changes()).await {
            Ok(applied) => applied.map(drop),
            Err(_) => Err(StoreError::Silent),
        }
    }
}

/// That an engine is away is told by [`super::engine_watch`].
fn tell_away(error: &StoreError) {
    if !error.is_outage() {
        tracing::error!(%error, "failed to poll the change feed");
    }
}

fn tell_back() {
    tracing::debug!("the change feed can be polled again");
}
