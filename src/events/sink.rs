use std::fmt::Display;
use std::sync::Arc;

use super::event::Event;

/// Receives events.
pub trait EventSink: Send + Sync {
    fn record(&self, event: &Event<'_>);

    /// Records that a store operation failed. Call it once per failure: where the operation was
    /// started, not where the error is passed on.
    fn store_failed(&self, doing: &'static str, error: &dyn Display) {
        self.record(&Event::StoreFailed { doing, reason: &error.to_string() });
    }
}

/// Passes events to several sinks.
pub struct EventSinks(pub Vec<Arc<dyn EventSink>>);

impl EventSink for EventSinks {
    fn record(&self, event: &Event<'_>) {
        self.0.iter().for_each(|sink| sink.record(event));
    }
}
