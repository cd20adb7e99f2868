//! Telnyx's Messaging API, version 2.
//! Source: developers.telnyx.com, "Send a message", "Messaging Error Code Reference", "API error
//! codes" and "Configurable spend limits". The API has no field for how long a text may take.
mod receipt;

use http::Request;
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "telnyx";

/// In characters: ten parts, the most that Telnyx joins.
const MAX_TEXT: usize = 1530;

/// `code` of an error.
const CODES: Codes = &[
    // Requests and accounts (10xxx, 20xxx).
    (Failure::BadNumber, &[10001, 10002, 10016, 40012, 40310]),
    (
        Failure::Misconfigured,
        &[
            10003, 10004, 10005, 10006, 10009, 10010, 10014, 10015, 10017, 20002, 20006, 20012,
            20013, 20014, 20015, 20016, 20017, 20100,
        ],
    ),
    (Failure::Broken, &[10007]),
    (Failure::Unclear, &[10008]),
    (Failure::Overloaded, &[10011, 40011, 40318]),
    // A landline, or a number without texts.
    (Failure::NotMobile, &[40001, 40319]),
    (Failure::NotReached, &[40005, 40006, 40014]),
    // Spam filters, carriers, and senders that are not registered with them.
    (
        Failure::Blocked,
        &[40002, 40003, 40004, 40008, 40010, 40015, 40016, 40017, 40018, 40322, 40329],
    ),
    // The person answered STOP.
    (Failure::OptedOut, &[40300]),
    // Not in the whitelisted destinations of the messaging profile.
    (Failure::CountryNotServed, &[40309]),
    (Failure::TextRefused, &[40009, 40302, 40304, 40316, 40328]),
    // Sender, messaging profile, spend limit.
    (
        Failure::Misconfigured,
        &[
            40013, 40100, 40150, 40151, 40301, 40305, 40306, 40308, 40311, 40312, 40313, 40314,
            40315, 40320, 40321, 40333,
        ],
    ),
];

/// `[sms.telnyx]`.
#[derive(Clone, Debug)]
pub struct TelnyxSettings {
    pub api_key: Secret,
    /// Ed25519, which receipts are signed with.
    pub public_key: Option<[u8; 32]>,
    pub sender: TelnyxSender,
    pub base_url: url::Url,
}

/// The sender of texts; one of the two at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelnyxSender {
    /// A number in E.164, a short code, or a name.
    pub from: Option<String>,
    /// Chooses the number, and is needed beside a name.
    pub messaging_profile_id: Option<String>,
}

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_profile_id: Option<&'a str>,
    to: &'a str,
    text: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<&'a str>,
}

#[derive(Deserialize)]
struct Sent {
    data: SentMessage,
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
    parts: Option<u32>,
}

#[derive(Deserialize)]
struct ErrorBody {
    errors: Vec<Described>,
}

/// Its `detail` quotes what was sent, so it is not read.
#[derive(Deserialize)]
struct Described {
    /// Digits.
    code: String,
}

impl HttpApi for TelnyxSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn sender(&self) -> Option<&str> {
        self.sender.from.as_deref()
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.public_key.map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let url = http_api::below(&self.base_url, &["v2", "messages"])?;
        let fields = Fields {
            from: self.sender.from.as_deref(),
            messaging_profile_id: self.sender.messaging_profile_id.as_deref(),
            to: message.to.e164(),
            text: message.text,
            r#type: "SMS",
            webhook_url: call.receipts.as_deref(),
        };
        let login = http_api::authorization("Bearer", self.api_key.reveal())?;
        http_api::json(&url, [login], &fields)
    }

    /// <https://developers.telnyx.com/api/billing/get-user-balance>
    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let asked =
            |login| http_api::get(&http_api::below(&self.base_url, &["v2", "balance"])?, login);
        Some(http_api::authorization("Bearer", self.api_key.reveal()).and_then(asked))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if answer.status == 200 {
            let sent: Sent = serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
            let segments = sent.data.parts.filter(|parts| *parts > 0);
            return Accepted::with_id(&sent.data.id).map(|sent| Accepted { segments, ..sent });
        }
        let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
        let code = body.and_then(|body| body.errors.first()?.code.parse().ok());
        let known = code.and_then(|code| http_api::meaning(CODES, code));
        Err(Refused::by_code(answer.status, code, known))
    }
}
