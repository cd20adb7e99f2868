use std::error::Error;
use std::time::Duration;

use http::Request;
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use tokio::sync::OnceCell;
use url::Url;

use super::addresses::{AddressRule, PrivateAddress};
use super::answer::{date, read_body, retry_after};
use crate::system::Timestamp;

pub const USER_AGENT: &str = concat!("doorcode/", env!("CARGO_PKG_VERSION"));

/// The longest body that is read, in bytes. Those of APIs that take one request are about one thousand.
const MAX_BODY: usize = 64 * 1024;

/// Idle timeout of pooled connections. Shorter than any server's, so that a request is never
/// written to a connection that is being closed, which would leave its fate unknown.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Timeouts of a request.
#[derive(Clone, Copy, Debug)]
pub struct HttpTimeouts {
    /// For DNS, TCP and TLS. Nothing was sent when it elapses; must therefore be well below `total`.
    pub connect: Duration,
    /// For the whole exchange, to the last byte of the answer.
    pub total: Duration,
}

impl Default for HttpTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10) }
    }
}

/// An answer that came, whatever it says.
#[derive(Debug)]
pub struct HttpAnswer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// `Date` (RFC 9110 §6.6.1).
    pub date: Option<Timestamp>,
    /// Empty if it was too long or did not come whole.
    pub body: Vec<u8>,
}

/// There is no answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("the request cannot be made")]
    Invalid,
    #[error("the host has only private addresses, which are not allowed")]
    PrivateAddress,
    /// No connection came about, so that nothing was sent.
    #[error("no connection")]
    Unreachable,
    /// The request may have been received.
    #[error("no answer to a request that may have arrived")]
    Unclear,
}

/// A client for requests to one host. Sends each request once: no retry, no redirect.
#[derive(Debug)]
pub struct HttpClient {
    rule: AddressRule,
    timeouts: HttpTimeouts,
    /// `https`. Only such requests go by `HTTPS_PROXY`: a plain URL is on this machine, and its
    /// credentials must not reach a proxy.
    is_https: bool,
    /// Created at the first request, on the runtime that sends: a client is bound to its runtime.
    client: OnceCell<Client>,
}

impl HttpClient {
    /// `base`: a URL of the host that all requests go to.
    pub fn new(base: &Url, rule: AddressRule, timeouts: HttpTimeouts) -> Self {
        let is_https = base.scheme() == "https";
        Self { rule, timeouts, is_https, client: OnceCell::new() }
    }

    /// `now`: for a `Retry-After` that is a date.
    ///
    /// # Errors
    ///
    /// Only if no head of an answer came.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        now: Timestamp,
    ) -> Result<HttpAnswer, NoAnswer> {
        let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer::Invalid)?;
        if !self.rule.admits(request.url()) {
            return Err(NoAnswer::PrivateAddress);
        }
        let client = self.client.get_or_try_init(|| async { self.client() }).await?;
        let mut response = client.execute(request).await.map_err(|error| no_answer(&error))?;
        Ok(HttpAnswer {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), now),
            date: date(response.headers()),
            body: read_body(&mut response, MAX_BODY).await.unwrap_or_default(),
        })
    }

    fn client(&self) -> Result<Client, NoAnswer> {
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            // A repeated request could have its effect twice.
            .retry(retry::never())
            .dns_resolver(std::sync::Arc::new(self.rule.clone()))
            .connect_timeout(self.timeouts.connect)
            .timeout(self.timeouts.total)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        let client = if self.is_https { builder.build() } else { builder.no_proxy().build() };
        client.map_err(|_| NoAnswer::Invalid)
    }
}

/// Only while connecting is it certain that nothing was sent.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    match (error.is_builder(), error.is_connect()) {
        (true, _) => NoAnswer::Invalid,
        (false, true) if has_private_address(error) => NoAnswer::PrivateAddress,
        (false, true) => NoAnswer::Unreachable,
        (false, false) => NoAnswer::Unclear,
    }
}

/// Whether the resolver refused every address.
fn has_private_address(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<PrivateAddress>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client for `localhost`, which is judged as any other name; and its answer to one request.
    async fn call(allowed: &[&str]) -> Result<HttpAnswer, NoAnswer> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let base = Url::parse(&base).unwrap();
        let allowed: Vec<_> = allowed.iter().map(|net| net.parse().unwrap()).collect();
        let rule = AddressRule::strict("localhost", allowed);
        let timeouts = HttpTimeouts { total: Duration::from_secs(2), ..HttpTimeouts::default() };
        let client = HttpClient::new(&base, rule, timeouts);
        let request = Request::get(base.as_str()).body(Vec::new()).unwrap();
        client.send(request, Timestamp::from_millis(0)).await
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_private_addresses_is_not_called() {
        assert_eq!(call(&[]).await.unwrap_err(), NoAnswer::PrivateAddress);
        // Connected; nobody answers.
        assert_eq!(call(&["127.0.0.0/8", "::1/128"]).await.unwrap_err(), NoAnswer::Unclear);
    }
}
