//! Twilio's Messages API: one request per text, and the meaning of its answer.
//! Twilio Verify, which makes its own codes, is a provider of its own.
mod answer;
mod codes;
mod receipt;
mod senders;

use http::Request;

pub(super) use answer::read;
pub(super) use codes::{NAME, by_code, is_sid};
pub(super) use receipt::{of_message, signed_fields};
pub use senders::{NameSupport, name_support};

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

/// In characters, by Twilio's documentation of `Body`.
const MAX_TEXT: usize = 1600;

/// In seconds, by Twilio's documentation of `ValidityPeriod`.
const MAX_VALIDITY: u64 = 36_000;

/// `[sms.twilio]`.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// `AC` and 32 hex digits: whose account texts are sent from, the main one or a subaccount.
    pub account_sid: String,
    pub credentials: TwilioCredentials,
    /// The auth token of that account, which its receipts are signed with, beside an API key.
    pub signing_token: Option<Secret>,
    pub sender: TwilioSender,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// How requests are authenticated. Source: "Twilio API requests", section "Authentication".
#[derive(Clone, Debug)]
pub enum TwilioCredentials {
    /// The auth token of the account, or of the subaccount itself.
    AuthToken(Secret),
    /// An API key, `SK` and 32 hex digits, and its secret. One of the main account opens its
    /// subaccounts too; it can be revoked alone.
    ApiKey { sid: String, secret: Secret },
}

/// The sender of texts. Two keys, because Twilio expects them in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// `from`: a number in E.164, a short code, or an alphanumeric sender ID.
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

impl TwilioCredentials {
    /// User and password of Basic authentication.
    pub(super) fn pair<'a>(&'a self, account_sid: &'a str) -> (&'a str, &'a str) {
        match self {
            Self::AuthToken(token) => (account_sid, token.reveal()),
            Self::ApiKey { sid, secret } => (sid, secret.reveal()),
        }
    }

    /// What receipts are signed with. `beside`: the account's token, where an API key is used.
    pub(super) const fn signing_token<'a>(
        &'a self,
        beside: Option<&'a Secret>,
    ) -> Option<&'a Secret> {
        match self {
            Self::AuthToken(token) => Some(token),
            Self::ApiKey { .. } => beside,
        }
    }
}

impl HttpApi for TwilioSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn sender(&self) -> Option<&str> {
        match &self.sender {
            TwilioSender::From(from) => Some(from),
            TwilioSender::MessagingService(_) => None,
        }
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.credentials.signing_token(self.signing_token.as_ref()).map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Messages.json"];
        let url = http_api::below(&self.base_url, &path)?;
        let (user, password) = self.credentials.pair(&self.account_sid);
        let validity = message.valid_for.as_secs().clamp(1, MAX_VALIDITY).to_string();
        let mut fields = vec![
            ("To", message.to.e164()),
            self.sender.field(),
            ("Body", message.text),
            ("ValidityPeriod", &validity),
        ];
        fields.extend(call.receipts.as_deref().map(|url| ("StatusCallback", url)));
        http_api::form(&url, [http_api::basic(user, password)?], &fields)
    }

    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        Some(account_request(&self.base_url, &self.credentials, &self.account_sid))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        read(answer.status, &answer.body)
    }
}

/// Asks for the numbers of an account, which keys of any kind may list
/// (<https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>).
pub(super) fn account_request(
    base_url: &url::Url,
    credentials: &TwilioCredentials,
    account_sid: &str,
) -> Result<Request<Vec<u8>>, Failure> {
    let path = ["2010-04-01", "Accounts", account_sid, "IncomingPhoneNumbers.json"];
    let mut url = http_api::below(base_url, &path)?;
    url.set_query(Some("PageSize=1"));
    let (user, password) = credentials.pair(account_sid);
    http_api::get(&url, http_api::basic(user, password)?)
}
