//! What Doorcode counts, read at its own door for it.
use super::gate::wait_for;
use super::http::{Answer, exchange};

/// All of it, asked for at the listener for administrators, which has this port.
pub(crate) fn scraped(admin: u16) -> Answer {
    exchange(admin, b"GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n").is(200)
}

/// The value of the series with this name and these labels, written as in the text.
#[track_caller]
pub(crate) fn metric(admin: u16, series: &str) -> u64 {
    let text = scraped(admin).text();
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let value = value.unwrap_or_else(|| panic!("no {series} in {text}"));
    value.parse().unwrap_or_else(|_| panic!("{series} {value}"))
}

/// Waits until the series has this value: what a request did is counted after its answer.
#[track_caller]
pub(crate) fn wait_until(admin: u16, series: &str, value: u64) {
    wait_for(&format!("{series} {value}"), || (metric(admin, series) == value).then_some(()));
}
