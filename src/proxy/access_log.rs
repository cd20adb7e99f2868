//! One line for each request, as JSON, by a thread of its own. Holds no query, no cookie, no
//! number: the path, and the user's and session's ids.
use std::fmt::Write as _;
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;

use crate::system::Timestamp;

/// Lines that wait to be written. What comes beyond is dropped and counted.
const MOST_WAITING: usize = 16_384;

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
pub struct AccessLog {
    lines: Option<SyncSender<String>>,
    dropped: AtomicU64,
}

impl AccessLog {
    /// Writes to `out` from a thread that ends with the last sender.
    pub fn to(mut out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(MOST_WAITING);
        let writer = std::thread::Builder::new().name("access log".to_owned());
        writer.spawn(move || write_lines(&waiting, &mut out))?;
        Ok(Self { lines: Some(lines), dropped: AtomicU64::new(0) })
    }

    pub const fn off() -> Self {
        Self { lines: None, dropped: AtomicU64::new(0) }
    }

    /// Lines that were dropped because the writer did not keep up.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn write(&self, line: &Line<'_>) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send(line.to_json()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write_lines(waiting: &Receiver<String>, out: &mut impl Write) {
    while let Ok(line) = waiting.recv() {
        // A log that cannot be written is no reason to stop serving.
        let _ = out.write_all(line.as_bytes());
        for line in waiting.try_iter() {
            let _ = out.write_all(line.as_bytes());
        }
        let _ = out.flush();
    }
}

/// Milliseconds are all that an operator compares.
const TIME: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

impl Line<'_> {
    /// Written by hand: formatting by `std::fmt` and `serde_json` was a tenth of what a request
    /// costs.
    fn to_json(&self) -> String {
        let mut json = String::with_capacity(384);
        let mut digits = itoa::Buffer::new();
        json.push_str("{\"time\":\"");
        let time = jiff::Timestamp::from_millisecond(self.at.as_millis()).unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = TIME.print_timestamp(&time, &mut json);
        json.push('"');
        if let Some(client) = self.client {
            json.push_str(",\"client\":\"");
            push_address(&mut json, client);
            json.push('"');
        }
        let texts = [("method", self.method), ("host", self.host), ("path", self.path)];
        for (key, text) in texts.into_iter().chain([("decision", self.decision)]) {
            push_text(&mut json, key, text);
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
            push_text(&mut json, "user", &String::from_utf8_lossy(user));
        }
        for (key, text) in [("error", self.error), ("request_id", self.request_id)] {
            if let Some(text) = text {
                push_text(&mut json, key, text);
            }
        }
        json.push_str("}\n");
        json
    }
}

fn push_address(json: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let mut digits = itoa::Buffer::new();
            for (place, octet) in address.octets().into_iter().enumerate() {
                json.push_str(if place == 0 { "" } else { "." });
                json.push_str(digits.format(octet));
            }
        }
        IpAddr::V6(_) => {
            let _ = write!(json, "{address}");
        }
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
