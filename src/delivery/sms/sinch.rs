//! Sinch's SMS API: a batch for each text. Its error codes are words.
//! Source: developers.sinch.com, "SMS API reference", "Batches", and "HTTP Status Codes for the SMS
//! REST API"; community.sinch.com, "Common SMS HTTP Statuses and Codes Explained".
mod receipt;

use http::Request;
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "sinch";

/// In characters, by the reference of `body`.
const MAX_TEXT: usize = 2000;

/// `code` of an error, which only statuses 400 and 403 have. Numbers are valid by construction, so that a wrong format is that of the
/// sender.
const CODES: &[(Failure, &[&str])] = &[(
    Failure::Misconfigured,
    &[
        "syntax_invalid_json",
        "syntax_invalid_parameter_format",
        "syntax_constraint_violation",
        "blocked_account",
        "unknown_group",
        "unknown_campaign",
        "missing_callback_url",
    ],
)];

/// `[sms.sinch]`.
#[derive(Clone, Debug)]
pub struct SinchSettings {
    pub service_plan_id: String,
    pub api_token: Secret,
    /// Which receipts are signed with.
    pub webhook_secret: Option<Secret>,
    /// A number in E.164, a short code, or a name.
    pub from: String,
    /// That of the account's region.
    pub base_url: url::Url,
}

#[derive(Serialize)]
struct Fields<'a> {
    from: &'a str,
    to: [&'a str; 1],
    body: &'a str,
    r#type: &'a str,
    delivery_report: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    /// ISO 8601, in UTC.
    expire_at: String,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Its `text` quotes what was sent, so it is not read.
#[derive(Deserialize)]
struct ErrorBody {
    code: String,
}

impl HttpApi for SinchSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn sender(&self) -> Option<&str> {
        Some(&self.from)
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.webhook_secret.as_ref().map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let path = ["xms", "v1", &self.service_plan_id, "batches"];
        let url = http_api::below(&self.base_url, &path)?;
        let expires = jiff::Timestamp::from_millisecond((call.now + message.valid_for).as_millis());
        let fields = Fields {
            from: &self.from,
            to: [message.to.e164()],
            body: message.text,
            r#type: "mt_text",
            delivery_report: if call.receipts.is_some() { "per_recipient" } else { "none" },
            callback_url: call.receipts.as_deref(),
            expire_at: expires.map_err(|_| Failure::Misconfigured)?.to_string(),
        };
        let login = http_api::authorization("Bearer", self.api_token.reveal())?;
        http_api::json(&url, [login], &fields)
    }

    /// The newest batches (<https://developers.sinch.com/docs/sms/api-reference/sms/batches/listbatches>).
    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let path = ["xms", "v1", &self.service_plan_id, "batches"];
        let asked = |login| {
            let mut url = http_api::below(&self.base_url, &path)?;
            url.set_query(Some("page_size=1"));
            http_api::get(&url, login)
        };
        Some(http_api::authorization("Bearer", self.api_token.reveal()).and_then(asked))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if matches!(answer.status, 200 | 201) {
            let created: Created =
                serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
            return Accepted::with_id(&created.id);
        }
        let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
        let known = body.and_then(|body| {
            let row = CODES.iter().find(|(_, codes)| codes.contains(&body.code.as_str()));
            row.map(|(failure, _)| *failure)
        });
        Err(Refused::by_code(answer.status, None, known))
    }
}
