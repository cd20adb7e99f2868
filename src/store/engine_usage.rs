use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use super::StoreError;

/// How an engine that is another process is doing.
#[derive(Debug, Default)]
pub struct EngineUsage {
    calls: AtomicU64,
    failures: AtomicU64,
    micros: AtomicU64,
}

impl EngineUsage {
    /// Counts a call, its time and its failure.
    pub(super) async fn measure<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let result = call.await;
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        result
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// The time that all calls took together, waits for a connection included.
    pub fn milliseconds(&self) -> u64 {
        self.micros.load(Ordering::Relaxed) / 1000
    }
}
