//! Twilio's Messages API: one request per text, and the meaning of its response.
//! Does not use Twilio Verify, which generates its own codes.
mod answer;
mod codes;
mod senders;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use tokio::sync::OnceCell;

pub(super) use codes::NAME;
pub use senders::{NameSupport, name_support};

use super::{Message, Receipt, SmsProvider};
use crate::delivery::{Failure, SendError};
use crate::domain::Secret;

/// In characters, by Twilio's documentation of `Body`.
const MAX_TEXT: usize = 1600;

/// In seconds, by Twilio's documentation of `ValidityPeriod`.
const MAX_VALIDITY: u64 = 36_000;

/// Idle timeout of pooled connections. Shorter than any server's, so that a request is never
/// written to a connection that is being closed, which would leave its fate unknown.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// `[sms.twilio]`.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub auth_token: Secret,
    pub sender: TwilioSender,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// The sender of texts. Two keys, because Twilio expects them in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// `from`: a number in E.164 or an alphanumeric sender ID.
    From(String),
    /// `messaging_service_sid`: `MG` and 32 hex digits.
    MessagingService(String),
}

impl TwilioSender {
    fn field(&self) -> (&'static str, &str) {
        match self {
            Self::From(number) => ("From", number),
            Self::MessagingService(sid) => ("MessagingServiceSid", sid),
        }
    }
}

/// Timeouts of a request to Twilio.
#[derive(Clone, Copy, Debug)]
pub struct TwilioTimeouts {
    /// For DNS, TCP and TLS. Nothing was sent when it elapses, so the next provider is tried; must
    /// therefore be well below `total`.
    pub connect: Duration,
    /// For the whole exchange, to the last byte of the response.
    pub total: Duration,
}

impl Default for TwilioTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10) }
    }
}

#[derive(Debug)]
pub struct Twilio {
    settings: TwilioSettings,
    limits: TwilioTimeouts,
    /// Created at the first text, on the runtime that sends: a client is bound to its runtime.
    client: OnceCell<Client>,
}

impl Twilio {
    pub fn new(settings: TwilioSettings) -> Self {
        Self::with_limits(settings, TwilioTimeouts::default())
    }

    pub fn with_limits(settings: TwilioSettings, limits: TwilioTimeouts) -> Self {
        Self { settings, limits, client: OnceCell::new() }
    }

    fn connect(&self) -> Result<Client, SendError> {
        let builder = Client::builder()
            .user_agent(concat!("doorcode/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            // A repeated request could be a second text.
            .retry(retry::never())
            .connect_timeout(self.limits.connect)
            .timeout(self.limits.total)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        // `HTTPS_PROXY` applies to Twilio. A plain http base_url is a stand-in on this machine, and
        // its credentials must not reach a proxy.
        let is_https = self.settings.base_url.scheme() == "https";
        let client = if is_https { builder.build() } else { builder.no_proxy().build() };
        client.map_err(|_| misconfigured())
    }

    fn endpoint(&self) -> Result<url::Url, SendError> {
        let mut url = self.settings.base_url.clone();
        url.path_segments_mut().map_err(|()| misconfigured())?.pop_if_empty().extend([
            "2010-04-01",
            "Accounts",
            &self.settings.account_sid,
            "Messages.json",
        ]);
        Ok(url)
    }
}

#[async_trait]
impl SmsProvider for Twilio {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        if !(1..=MAX_TEXT).contains(&message.text.chars().count()) {
            return Err(SendError::new(NAME, Failure::TextRefused));
        }
        let validity = message.valid_for.as_secs().clamp(1, MAX_VALIDITY).to_string();
        let form = [
            ("To", message.to.e164()),
            self.settings.sender.field(),
            ("Body", message.text),
            ("ValidityPeriod", &validity),
        ];
        let client = self.client.get_or_try_init(|| async { self.connect() }).await?;
        let request = client
            .post(self.endpoint()?)
            .basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.reveal()))
            .form(&form);
        let response = request.send().await.map_err(|error| no_response(&error))?;
        answer::read(response).await
    }
}

fn misconfigured() -> SendError {
    SendError::new(NAME, Failure::Misconfigured)
}

/// There was no response. Only while connecting is it certain that nothing was sent.
fn no_response(error: &reqwest::Error) -> SendError {
    let failure = match (error.is_builder(), error.is_connect()) {
        (true, _) => Failure::Misconfigured,
        (false, true) => Failure::Unreachable,
        (false, false) => Failure::Unclear,
    };
    SendError::new(NAME, failure)
}
