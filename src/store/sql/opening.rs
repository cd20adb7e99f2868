use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const AT_REST: u8 = 0;
const WAITS: u8 = 1;
const MIGRATES: u8 = 2;

/// What the opening of a database is busy with, for those who ask meanwhile.
#[derive(Clone, Debug, Default)]
pub(super) struct Opening(Arc<AtomicU8>);

impl Opening {
    pub(super) fn waits(&self) {
        self.0.store(WAITS, Ordering::Relaxed);
    }

    pub(super) fn migrates(&self) {
        self.0.store(MIGRATES, Ordering::Relaxed);
    }

    pub(super) fn ends(&self) {
        self.0.store(AT_REST, Ordering::Relaxed);
    }

    /// `None`: the database is open, or nobody opens it.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Relaxed) {
            WAITS => Some("waiting for the database"),
            MIGRATES => Some("the database is being migrated"),
            _ => None,
        }
    }
}
