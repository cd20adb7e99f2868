use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;

use crate::events::{Event, EventSink};
use crate::system::Timestamp;

/// Interval of log lines, milliseconds.
const INTERVAL: i64 = 60 * 60 * 1000;

/// What proxies write about the client of a request.
const FORWARDING: [&str; 6] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "x-forwarded-proto",
    "x-forwarded-host",
    "cf-connecting-ip",
];

/// Tells the operator, once an hour, that a forwarding header was ignored since it came from nobody in
/// `server.trusted_proxies`: behind a proxy that was forgotten there, all visitors share its address
/// and its limits. Anybody can send such a header, so more lines would only fill the disk.
#[derive(Default)]
pub(super) struct IgnoredHeaders {
    /// When the next line may be written, milliseconds since 1970.
    next: AtomicI64,
}

impl IgnoredHeaders {
    /// `peer`, who is no trusted proxy, sent `headers` at `now`.
    pub(super) fn tell_of(
        &self,
        (headers, peer): (&HeaderMap, IpAddr),
        events: &dyn EventSink,
        now: Timestamp,
    ) {
        let is_there = || FORWARDING.into_iter().find(|name| headers.contains_key(*name));
        if let Some(header) = self.take_if(now, is_there) {
            events.record(&Event::ForwardingIgnored { header, peer });
        }
    }

    /// A trusted proxy named no client at `now`.
    pub(super) fn tell_of_none(&self, now: Timestamp) {
        if self.take_if(now, || Some(())).is_some() {
            tracing::warn!(
                "request on the Unix socket refused: its proxy named no client; let it send \
                 X-Forwarded-For"
            );
        }
    }

    /// What is `found`, if a line is due; of several requests at once, one gets it.
    fn take_if<T>(&self, now: Timestamp, found: impl FnOnce() -> Option<T>) -> Option<T> {
        let (next, now) = (self.next.load(Ordering::Relaxed), now.as_millis());
        // A clock that was set back must not silence it for long.
        let due = now >= next || next - now > 2 * INTERVAL;
        let found = if due { found()? } else { return None };
        let later = now + INTERVAL;
        let set = self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed);
        set.is_ok().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_once_an_hour_whatever_the_clock_does() {
        let ignored = IgnoredHeaders::default();
        let due = |millis| ignored.take_if(Timestamp::from_millis(millis), || Some(())).is_some();
        let start = 1_767_225_600_000;
        assert!(ignored.take_if::<()>(Timestamp::from_millis(start), || None).is_none());
        assert!(due(start), "nothing was told before");
        assert!(!due(start) && !due(start + INTERVAL - 1) && !due(start - 1000));
        assert!(due(start + INTERVAL) && !due(start + INTERVAL + 1));
        assert!(due(start - INTERVAL), "set back by two hours");
    }
}
