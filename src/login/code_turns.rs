use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::OwnedMutexGuard;

use super::outbox::TextSettings;
use crate::domain::AttemptKey;

/// Turns that are forgotten when there are more of them and nobody waits for one.
const MOST_TURNS: usize = 1000;

/// The providers that make codes of their own, as the configuration is now, and whose turn it is to ask
/// them.
pub struct CodeChecks {
    pub(super) texts: Arc<ArcSwap<TextSettings>>,
    turns: Mutex<HashMap<AttemptKey, Arc<tokio::sync::Mutex<()>>>>,
}

impl CodeChecks {
    pub fn new(texts: Arc<ArcSwap<TextSettings>>) -> Self {
        Self { texts, turns: Mutex::default() }
    }

    /// Waits until no other answer to the attempt is with its provider, in this process.
    pub(super) async fn turn(&self, key: AttemptKey) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= MOST_TURNS {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(key).or_default())
        };
        turn.lock_owned().await
    }
}
