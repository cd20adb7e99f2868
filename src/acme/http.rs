//! Requests to the authority, with limits: an answer may never come, or never end.
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use reqwest::Client;
use reqwest::redirect::Policy;

use super::error::{AcmeError, AcmeErrorKind};
use super::settings::Roots;
use crate::system::{System, Timestamp};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For a request and its whole answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Limit for the body of an answer, bytes.
const LARGEST: usize = 1024 * 1024;

/// How long the authority wants us to wait, as its last answer told.
#[derive(Clone, Default)]
pub(super) struct RetryAfter(Arc<Mutex<Option<Duration>>>);

impl RetryAfter {
    /// What was told since the last call.
    pub(super) fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, headers: &HeaderMap, now: Timestamp) {
        let value = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let told = value.and_then(|text| retry_after(text, now));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    Some(Timestamp::from_millis(at).since(now))
}

/// An answer that is none of ACME's.
#[derive(Debug, thiserror::Error)]
enum TransportError {
    #[error("cannot reach the authority: {0}")]
    Unreachable(String),
    #[error("the authority answered with status {0}")]
    Status(u16),
    #[error("the authority's answer is longer than 1 MiB")]
    TooLong,
}

impl TransportError {
    /// With all causes; the error's own text has none of them.
    fn of(why: &reqwest::Error) -> Self {
        let mut text = why.to_string();
        let mut cause = why.source();
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        Self::Unreachable(text)
    }
}

impl From<TransportError> for instant_acme::Error {
    fn from(why: TransportError) -> Self {
        Self::Other(Box::new(why))
    }
}

/// For the requests of `instant_acme`.
#[derive(Clone)]
pub(super) struct AcmeHttp {
    client: Client,
    pub(super) retry_after: RetryAfter,
    system: System,
}

impl AcmeHttp {
    /// `roots`: trusted in place of the operating system's.
    pub(super) fn new(roots: Option<&Roots>, system: &System) -> Result<Self, AcmeError> {
        let builder = Client::builder()
            .user_agent(concat!("doorcode/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .https_only(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT);
        let builder = match roots {
            Some(Roots(all)) => builder.tls_certs_only(all.clone()),
            None => builder,
        };
        let client = builder.build().map_err(|why| {
            AcmeError::new(AcmeErrorKind::Authority, &TransportError::of(&why).to_string())
        })?;
        Ok(Self { client, retry_after: RetryAfter::default(), system: system.clone() })
    }

    async fn send(
        self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, instant_acme::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        let body = body.unwrap_or_else(|never| match never {});
        let request = self
            .client
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(reqwest::Body::from(body));
        let mut answer = request.send().await.map_err(|why| TransportError::of(&why))?;
        self.retry_after.note(answer.headers(), self.system.now());
        let status = answer.status();
        let kind = answer.headers().get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        if !status.is_success() && !kind.starts_with(b"application/problem+json") {
            return Err(TransportError::Status(status.as_u16()).into());
        }
        let mut head = http::Response::new(());
        *head.status_mut() = status;
        *head.headers_mut() = answer.headers().clone();
        let mut whole = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|why| TransportError::of(&why))? {
            if whole.len() + part.len() > LARGEST {
                return Err(TransportError::TooLong.into());
            }
            whole.extend_from_slice(&part);
        }
        Ok(BytesResponse { parts: head.into_parts().0, body: Box::new(whole.freeze()) })
    }
}

impl HttpClient for AcmeHttp {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_seconds_or_dates() {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let read = |text| retry_after(text, now).map(|time| time.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(read("Thu, 01 Jan 2015 00:01:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-5"), None);
    }
}
