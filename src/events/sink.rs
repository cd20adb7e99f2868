use std::fmt::Display;
use std::sync::Arc;

use super::event::Event;

/// Receives events.
pub trait EventSink: Send + Sync {
    fn record(&self, event: &Event<'_>);

    /// Records that a store operation failed. Call it once per failure: where the operation was
    /// started, not where the error is passed on.
    fn store_failed(&self, doing: &'static str, error: &dyn StoreFailure) {
        let (reason, is_outage) = (&*error.to_string(), error.is_outage());
        self.record(&Event::StoreFailed { doing, reason, is_outage });
    }
}

/// The error of a store, as far as the sinks of events know it.
pub trait StoreFailure: Display {
    /// Whether an engine is away, which is told once, and not with each request.
    fn is_outage(&self) -> bool;
}

/// Passes events to several sinks.
pub struct EventSinks(pub Vec<Arc<dyn EventSink>>);

impl EventSink for EventSinks {
    fn record(&self, event: &Event<'_>) {
        self.0.iter().for_each(|sink| sink.record(event));
    }
}
