//! One line for each request, as JSON, by a thread of its own. Holds no query, no cookie, no
//! number: the path, and the user's and session's ids.
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;

use crate::gate;
use crate::system::Timestamp;

/// Bytes of lines that wait to be written, some ten thousand lines. What comes beyond is dropped
/// and counted.
const MOST_WAITING: usize = 4 << 20;
/// What is kept of a buffer that had to grow.
const KEPT: usize = 64 << 10;
/// From the first line that waits to the writing: one wake and one write for what comes meanwhile.
const GATHERED: Duration = Duration::from_millis(10);

/// What one line tells.
#[derive(Debug)]
pub(super) struct Line<'r> {
    pub(super) at: Timestamp,
    pub(super) client: Option<IpAddr>,
    pub(super) method: &'r str,
    pub(super) host: &'r str,
    pub(super) path: &'r str,
    pub(super) status: u16,
    pub(super) bytes: usize,
    pub(super) took: Duration,
    pub(super) decision: &'static str,
    pub(super) user: Option<&'r [u8]>,
    pub(super) error: Option<&'r str>,
    /// What the app and the answer were told too, and the person at an error page to quote.
    pub(super) request_id: Option<&'r str>,
}

/// The other end of the writing thread.
#[derive(Debug)]
pub struct AccessLog(Option<Arc<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    lines: Mutex<Lines>,
    /// Told when there are some.
    some: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Lines {
    text: String,
    /// No more will come.
    over: bool,
}

impl AccessLog {
    /// Writes to `out` from a thread that ends with this.
    pub fn to(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let waiting = Arc::new(Waiting::default());
        let lines = Arc::clone(&waiting);
        let writer = std::thread::Builder::new().name("access log".to_owned());
        writer.spawn(move || lines.write_to(&mut out))?;
        Ok(Self(Some(waiting)))
    }

    pub const fn off() -> Self {
        Self(None)
    }

    /// Lines that were dropped because the writer did not keep up.
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |waiting| waiting.dropped.load(Ordering::Relaxed))
    }

    /// Gives the thread the time to write what waits, before the process ends.
    pub async fn last_lines(&self) {
        if self.0.is_some() {
            tokio::time::sleep(2 * GATHERED).await;
        }
    }

    pub(super) fn write(&self, line: &Line<'_>) {
        let Some(waiting) = &self.0 else { return };
        let mut lines = waiting.lines();
        if lines.text.len() >= MOST_WAITING {
            waiting.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let first = lines.text.is_empty();
        line.write_json(&mut lines.text);
        drop(lines);
        if first {
            waiting.some.notify_one();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Some(waiting) = &self.0 {
            waiting.lines().over = true;
            waiting.some.notify_one();
        }
    }
}

impl Waiting {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, out: &mut impl Write) {
        let mut text = String::new();
        loop {
            let nothing = |lines: &mut Lines| lines.text.is_empty() && !lines.over;
            let lines = self.some.wait_while(self.lines(), nothing);
            let over = lines.unwrap_or_else(PoisonError::into_inner).over;
            if !over {
                std::thread::sleep(GATHERED);
            }
            std::mem::swap(&mut self.lines().text, &mut text);
            // A log that cannot be written is no reason to stop serving.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            if over {
                return;
            }
            text.clear();
            text.shrink_to(KEPT);
        }
    }
}

/// Milliseconds are all that an operator compares.
const TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl Line<'_> {
    /// Written by hand: formatting by `std::fmt` and `serde_json` was a tenth of what a request
    /// costs.
    fn write_json(&self, json: &mut String) {
        let mut digits = itoa::Buffer::new();
        json.push_str("{\"time\":\"");
        let time = jiff::Timestamp::from_millisecond(self.at.as_millis()).unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = TIME.print_timestamp(&time, &mut *json);
        json.push('"');
        if let Some(client) = self.client {
            json.push_str(",\"client\":\"");
            gate::push_address(json, client);
            json.push('"');
        }
        let texts = [("method", self.method), ("host", self.host), ("path", self.path)];
        for (key, text) in texts.into_iter().chain([("decision", self.decision)]) {
            push_text(json, key, text);
        }
        let micros = self.took.as_micros();
        let numbers = [("status", u128::from(self.status)), ("bytes", self.bytes as u128)];
        for (key, number) in numbers.into_iter().chain([("ms", micros / 1000)]) {
            json.extend([",\"", key, "\":", digits.format(number)]);
        }
        let hundredths = micros % 1000 / 10;
        json.push_str(if hundredths < 10 { ".0" } else { "." });
        json.push_str(digits.format(hundredths));
        if let Some(user) = self.user {
            push_text(json, "user", &String::from_utf8_lossy(user));
        }
        for (key, text) in [("error", self.error), ("request_id", self.request_id)] {
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
