//! Twilio's Messages API: one request for one text, and what its answer means.
//! Does not use Twilio Verify, which makes codes of its own.
mod answer;
mod codes;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use tokio::sync::OnceCell;

use super::{Message, Receipt, SmsProvider};
use crate::delivery::{Failure, SendError};
use crate::domain::Secret;

pub(super) const NAME: &str = "twilio";

/// Characters, by Twilio's documentation of `Body`.
const LONGEST_TEXT: usize = 1600;

/// Seconds, by Twilio's documentation of `ValidityPeriod`.
const LONGEST_VALIDITY: u64 = 36_000;

/// Shorter than any server keeps an idle connection, so that a request is never written into one
/// that is being closed: it would be lost, and we could not know that it was.
const IDLE: Duration = Duration::from_secs(5);

/// `[sms.twilio]`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub auth_token: Secret,
    pub sender: Sender,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// Who the text comes from. Two keys, because Twilio takes them in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// `from`: a number in E.164 or an alphanumeric sender ID.
    From(String),
    /// `messaging_service_sid`: `MG` and 32 hex digits.
    MessagingService(String),
}

impl Sender {
    fn field(&self) -> (&'static str, &str) {
        match self {
            Self::From(number) => ("From", number),
            Self::MessagingService(sid) => ("MessagingServiceSid", sid),
        }
    }
}

/// How long Twilio may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For name, connection and handshake. Nothing was sent when it passes, so the next provider
    /// is asked; must therefore be well below `total`.
    pub connect: Duration,
    /// For everything, to the last byte of the answer.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10) }
    }
}

#[derive(Debug)]
pub struct Twilio {
    settings: Settings,
    limits: Limits,
    /// Made at the first text, on the runtime that sends: a client belongs to its runtime.
    client: OnceCell<Client>,
}

impl Twilio {
    pub fn new(settings: Settings) -> Self {
        Self::with_limits(settings, Limits::default())
    }

    pub fn with_limits(settings: Settings, limits: Limits) -> Self {
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
            .pool_idle_timeout(IDLE);
        // HTTPS_PROXY is for Twilio itself; a plain base_url is a test double on this machine,
        // and no proxy is to see its credentials.
        let plain = self.settings.base_url.scheme() != "https";
        let builder = if plain { builder.no_proxy() } else { builder };
        builder.build().map_err(|_| misconfigured())
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
        if !(1..=LONGEST_TEXT).contains(&message.text.chars().count()) {
            return Err(SendError::new(NAME, Failure::TextRefused));
        }
        let validity = message.valid_for.as_secs().clamp(1, LONGEST_VALIDITY).to_string();
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
        let response = request.send().await.map_err(|error| unanswered(&error))?;
        answer::read(response).await
    }
}

fn misconfigured() -> SendError {
    SendError::new(NAME, Failure::Misconfigured)
}

/// Nothing came back. Only while connecting is it certain that nothing was handed over.
fn unanswered(error: &reqwest::Error) -> SendError {
    let failure = match (error.is_builder(), error.is_connect()) {
        (true, _) => Failure::Misconfigured,
        (false, true) => Failure::Unreachable,
        (false, false) => Failure::Unclear,
    };
    SendError::new(NAME, failure)
}
