//! The access log: one JSON line for each request, written by a thread of its own. Holds no query,
//! cookie or phone number: the path, and the user's id.
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;

use crate::gate;
use crate::system::Timestamp;

/// Limit of unwritten lines, bytes (about ten thousand lines). Further lines are dropped and counted.
const MAX_QUEUED: usize = 4 << 20;
/// Capacity that a buffer keeps after a write, bytes.
const KEPT_CAPACITY: usize = 64 << 10;
/// Delay from the first unwritten line to the write, so that one wake-up and one write serve many.
const BATCH_DELAY: Duration = Duration::from_millis(10);

/// The fields of one line.
#[derive(Debug)]
pub(super) struct AccessLine<'r> {
    pub(super) at: Timestamp,
    pub(super) client: Option<IpAddr>,
    pub(super) method: &'r str,
    pub(super) host: &'r str,
    pub(super) path: &'r str,
    pub(super) status: u16,
    pub(super) bytes: usize,
    pub(super) took: Duration,
    pub(super) decision: &'static str,
    /// What it would have been, where the site only reports.
    pub(super) would: Option<&'static str>,
    pub(super) user: Option<&'r [u8]>,
    pub(super) error: Option<&'r str>,
    /// The site whose app failed.
    pub(super) site: Option<&'r str>,
    /// The address of the app that failed.
    pub(super) upstream: Option<&'r str>,
    /// The `X-Request-Id` that the app and the client got.
    pub(super) request_id: Option<&'r str>,
}

/// Sends lines to the writing thread.
#[derive(Debug)]
pub struct AccessLog(Option<Arc<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    lines: Mutex<Buffer>,
    /// Notified when there are lines.
    not_empty: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Buffer {
    text: String,
    /// No more lines will come.
    closed: bool,
}

impl AccessLog {
    /// Writes to `out`, in a thread that ends when this is dropped.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn to(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let lines = Arc::clone(&queue);
        let writer = std::thread::Builder::new().name("access log".to_owned());
        writer.spawn(move || lines.write_to(&mut out))?;
        Ok(Self(Some(queue)))
    }

    pub const fn off() -> Self {
        Self(None)
    }

    /// Lines that were dropped because the writer did not keep up.
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |queue| queue.dropped.load(Ordering::Relaxed))
    }

    /// Waits until the thread has written what is unwritten, before the process ends.
    pub async fn flush(&self) {
        if self.0.is_some() {
            tokio::time::sleep(2 * BATCH_DELAY).await;
        }
    }

    pub(super) fn write(&self, line: &AccessLine<'_>) {
        let Some(queue) = &self.0 else { return };
        let mut lines = queue.lines();
        if lines.text.len() >= MAX_QUEUED {
            queue.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let first = lines.text.is_empty();
        line.write_json(&mut lines.text);
        drop(lines);
        if first {
            queue.not_empty.notify_one();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Some(queue) = &self.0 {
            queue.lines().closed = true;
            queue.not_empty.notify_one();
        }
    }
}

impl Queue {
    fn lines(&self) -> MutexGuard<'_, Buffer> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, out: &mut impl Write) {
        let mut text = String::new();
        loop {
            let nothing = |lines: &mut Buffer| lines.text.is_empty() && !lines.closed;
            let lines = self.not_empty.wait_while(self.lines(), nothing);
            let closed = lines.unwrap_or_else(PoisonError::into_inner).closed;
            if !closed {
                std::thread::sleep(BATCH_DELAY);
            }
            std::mem::swap(&mut self.lines().text, &mut text);
            // Requests are served even when the log cannot be written.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            if closed {
                return;
            }
            text.clear();
            text.shrink_to(KEPT_CAPACITY);
        }
    }
}

/// Timestamps have milliseconds.
const TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl AccessLine<'_> {
    /// Formatted by hand: with `std::fmt` and `serde_json`, this was a tenth of a request's cost.
    fn write_json(&self, json: &mut String) {
        let mut digits = itoa::Buffer::new();
        json.push_str("{\"time\":\"");
        let time = jiff::Timestamp::from_millisecond(self.at.as_millis()).unwrap_or_default();
        // Writing to a `String` cannot fail.
        let _ = TIME.print_timestamp(&time, &mut *json);
        json.push('"');
        if let Some(client) = self.client {
            json.push_str(",\"client\":\"");
            gate::push_ip(json, client);
            json.push('"');
        }
        let texts = [("method", self.method), ("host", self.host), ("path", self.path)];
        for (key, text) in texts.into_iter().chain([("decision", self.decision)]) {
            push_text(json, key, text);
        }
        // The clock has milliseconds: more digits would say nothing.
        let numbers = [
            ("status", u128::from(self.status)),
            ("bytes", self.bytes as u128),
            ("ms", self.took.as_millis()),
        ];
        for (key, number) in numbers {
            json.extend([",\"", key, "\":", digits.format(number)]);
        }
        if let Some(user) = self.user {
            push_text(json, "user", &String::from_utf8_lossy(user));
        }
        let rest = [
            ("would", self.would),
            ("error", self.error),
            ("site", self.site),
            ("upstream", self.upstream),
            ("request_id", self.request_id),
        ];
        for (key, text) in rest {
            if let Some(text) = text {
                push_text(json, key, text);
            }
        }
        json.push_str("}\n");
    }
}

fn push_text(json: &mut String, key: &str, text: &str) {
    json.extend([",\"", key, "\":"]);
    let plain = |b: u8| b >= b' ' && b != b'"' && b != b'\\' && b != 0x7f;
    if text.bytes().all(plain) {
        json.extend(["\"", text, "\""]);
    } else {
        // A string always serialises.
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}
