//! Plivo's Message API. Its refusals have no error code, only a status and a sentence.
//! Source: plivo.com/docs, "Send a message" and "API requests and responses"; support.plivo.com,
//! "Message Expiry".
mod receipt;

use http::Request;
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;
use crate::words::{Encoding, Segments};

const NAME: &str = "plivo";

/// In characters of GSM-7, and in UTF-16 units of any other text.
const MAX_TEXT: usize = 1600;
const MAX_UNICODE: usize = 737;

/// Of `message_expiry`, in seconds.
const EXPIRY: std::ops::RangeInclusive<u64> = 5..=10_799;

/// `[sms.plivo]`.
#[derive(Clone, Debug)]
pub struct PlivoSettings {
    pub auth_id: String,
    pub auth_token: Secret,
    pub sender: PlivoSender,
    pub base_url: url::Url,
}

/// The sender of texts. Two keys, because Plivo expects them in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlivoSender {
    /// `from`: a number in E.164, a short code, or a name.
    From(String),
    /// `powerpack_uuid`: a pool of numbers.
    Powerpack(String),
}

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    src: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    powerpack_uuid: Option<&'a str>,
    dst: &'a str,
    text: &'a str,
    r#type: &'a str,
    /// How long the text may wait at Plivo.
    message_expiry: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
}

#[derive(Deserialize)]
struct Queued {
    #[serde(default)]
    message_uuid: Vec<String>,
    #[serde(default)]
    invalid_number: Vec<serde::de::IgnoredAny>,
}

impl HttpApi for PlivoSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn sender(&self) -> Option<&str> {
        match &self.sender {
            PlivoSender::From(from) => Some(from),
            PlivoSender::Powerpack(_) => None,
        }
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        Some(self)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let segments = Segments::of(message.text);
        if segments.encoding == Encoding::Ucs2 && segments.units > MAX_UNICODE {
            return Err(Failure::TextRefused);
        }
        // With a slash at its end; without one the answer is a redirect.
        let path = ["v1", "Account", &self.auth_id, "Message", ""];
        let url = http_api::below(&self.base_url, &path)?;
        let (src, powerpack_uuid) = match &self.sender {
            PlivoSender::From(from) => (Some(from.trim_start_matches('+')), None),
            PlivoSender::Powerpack(uuid) => (None, Some(uuid.as_str())),
        };
        let (dst, text) = (message.to.digits(), message.text);
        let message_expiry = message.valid_for.as_secs().clamp(*EXPIRY.start(), *EXPIRY.end());
        let receipts = call.receipts.as_deref();
        let fields = Fields {
            src,
            powerpack_uuid,
            dst,
            text,
            r#type: "sms",
            message_expiry,
            url: receipts,
            method: receipts.map(|_| "POST"),
        };
        let login = http_api::basic(&self.auth_id, self.auth_token.reveal())?;
        http_api::json(&url, [login], &fields)
    }

    /// <https://www.plivo.com/docs/account/api/account#retrieve-an-account>
    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let asked = |login| {
            http_api::get(
                &http_api::below(&self.base_url, &["v1", "Account", &self.auth_id, ""])?,
                login,
            )
        };
        Some(http_api::basic(&self.auth_id, self.auth_token.reveal()).and_then(asked))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if answer.status != 202 {
            return Err(Refused::by_code(answer.status, None, None));
        }
        let queued: Queued = serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
        match (queued.message_uuid.first(), queued.invalid_number.is_empty()) {
            (Some(id), _) => Accepted::with_id(id),
            (None, false) => Err(Failure::BadNumber.into()),
            (None, true) => Err(Failure::Unclear.into()),
        }
    }
}
