use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use reqwest::Response;

use crate::system::Timestamp;

/// Why the body of an answer is not used.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the connection failed before the end of the answer")]
    Broken(#[from] reqwest::Error),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads the whole body, of `longest` bytes at most. What is longer is read no further.
///
/// # Errors
///
/// When it is longer, or does not come whole.
pub async fn read_body(response: &mut Response, longest: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > longest {
            return Err(BodyError::TooLong(longest));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Retry-After`: seconds, or a date (RFC 9110 §10.2.3).
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    parse(headers.get(RETRY_AFTER)?.to_str().ok()?.trim(), now)
}

/// `Date`: the clock of who answered (RFC 9110 §6.6.1).
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
}

fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Timestamp::from_millis(at).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_seconds_or_dates() {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let read = |text| parse(text, now).map(|time| time.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(read("Thu, 01 Jan 2015 00:01:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-5"), None);
    }
}
