//! How much of request and answer bodies is held in memory, for each client connection and in all.
//!
//! Nothing is refused for it: the fuller a budget is, the less is read at once, so that what a client
//! does not take stays in the sockets' own buffers.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

// Of an HTTP/2 connection with 32 streams, all of whose clients and apps take nothing: 24 KiB of answers and
// 60 reads of 512 bytes, their last reads once more in Pingora's buffers, 2 KiB for each stream in
// h2's, 24 KiB of request bodies, and a receive window of 64 KiB. Together less than 256 KiB.

/// Largest read from an app, or of a body from an HTTP/1 client, bytes. As long as an HTTP/2 frame.
pub(super) const LARGEST_READ: usize = 16 * 1024;
/// Smallest limit of a read, bytes, so that every exchange goes on however full the budgets are.
const SMALLEST_READ: usize = 512;
/// The share of what is left that one read may take.
const SHARE: usize = 2;
/// What the answers on one HTTP/2 connection may hold before its reads have the smallest limit, bytes.
const CONNECTION: usize = 24 * 1024;
/// What of request bodies one client connection may have under way to apps at once, bytes. Apart from
/// answers, which a client may leave for as long as it likes.
const REQUESTS: usize = 24 * 1024;
/// What all connections together may hold before their reads have the smallest limit.
const TOTAL: usize = 64 * 1024 * 1024;

/// The bytes that all connections hold.
#[derive(Clone, Debug, Default)]
pub(super) struct TotalBudget(Arc<AtomicUsize>);

/// The bytes that the requests and answers of one client connection hold.
#[derive(Debug, Default)]
pub(super) struct BodyBudget {
    held: AtomicUsize,
    /// Of request bodies.
    requests: AtomicUsize,
    total: TotalBudget,
}

impl BodyBudget {
    pub(super) fn new(total: TotalBudget) -> Self {
        Self { total, ..Self::default() }
    }

    /// Limit of the next read of one of many streams, bytes.
    pub(super) fn next_read(&self) -> usize {
        let left = CONNECTION.saturating_sub(self.held.load(Ordering::Relaxed));
        (left / SHARE).clamp(SMALLEST_READ, self.next_read_alone())
    }

    /// The same where the connection has one exchange at a time, which is HTTP/1.
    pub(super) fn next_read_alone(&self) -> usize {
        let left = TOTAL.saturating_sub(self.total.0.load(Ordering::Relaxed));
        (left / SHARE).clamp(SMALLEST_READ, LARGEST_READ)
    }

    /// Bytes of an answer are held.
    pub(super) fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        self.total.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// `bytes`: of those that were added.
    pub(super) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.total.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether this much more of a request body fits, or none is under way yet.
    pub(super) fn fits_request(&self, bytes: usize) -> bool {
        let held = self.requests.load(Ordering::Relaxed);
        held == 0 || held + bytes <= REQUESTS
    }

    /// Bytes of a request body are held.
    pub(super) fn add_request(&self, bytes: usize) {
        self.requests.fetch_add(bytes, Ordering::Relaxed);
        self.total.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// `bytes`: of those that were added.
    pub(super) fn release_request(&self, bytes: usize) {
        self.requests.fetch_sub(bytes, Ordering::Relaxed);
        self.total.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        BodyBudget, CONNECTION, LARGEST_READ, REQUESTS, SHARE, SMALLEST_READ, TOTAL, TotalBudget,
    };

    #[test]
    fn reads_become_smaller_as_a_connection_holds_more() {
        let budget = BodyBudget::default();
        let first = budget.next_read();
        assert_eq!(first, CONNECTION / SHARE);
        // As many reads as 32 streams have under way, of which none is ever taken.
        for _ in 0..64 {
            budget.add(budget.next_read());
        }
        assert_eq!(budget.next_read(), SMALLEST_READ);
        let held = budget.held.load(std::sync::atomic::Ordering::Relaxed);
        assert!(held <= CONNECTION + 64 * SMALLEST_READ, "{held}");
        assert_eq!(budget.next_read_alone(), LARGEST_READ);
        budget.release(held);
        assert_eq!(budget.next_read(), first);
    }

    #[test]
    fn what_all_connections_hold_makes_every_read_small() {
        let total = TotalBudget::default();
        let (one, other) = (BodyBudget::new(total.clone()), BodyBudget::new(total));
        one.add(TOTAL);
        assert_eq!((other.next_read(), other.next_read_alone()), (SMALLEST_READ, SMALLEST_READ));
        one.release(TOTAL);
        assert_eq!(other.next_read_alone(), LARGEST_READ);
    }

    #[test]
    fn answers_that_nobody_takes_leave_room_for_request_bodies() {
        let budget = BodyBudget::default();
        budget.add(CONNECTION);
        assert!(budget.fits_request(LARGEST_READ));
        budget.add_request(REQUESTS);
        assert!(!budget.fits_request(1));
        budget.release_request(REQUESTS);
        assert!(budget.fits_request(2 * REQUESTS), "a part of any length, alone");
    }
}
