//! Requests to the authority, with limits: an answer may never come, or never end.
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use reqwest::Client;
use reqwest::redirect::Policy;

use super::error::{AcmeError, AcmeErrorKind};
use super::settings::Roots;
use crate::outbound::{BodyError, USER_AGENT, read_body, retry_after};
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = retry_after(headers, now);
    }
}

/// An answer that is none of ACME's.
#[derive(Debug, thiserror::Error)]
enum TransportError {
    #[error("cannot reach the authority: {0}")]
    Unreachable(String),
    #[error("the authority answered with status {0}")]
    Status(u16),
    #[error(transparent)]
    Unread(#[from] BodyError),
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
            .user_agent(USER_AGENT)
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
        let body = read_body(&mut answer, LARGEST).await.map_err(TransportError::from)?;
        Ok(BytesResponse { parts: head.into_parts().0, body: Box::new(Bytes::from(body)) })
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
