//! `MessageBird`'s SMS API, now the classic API of Bird.
//! Source: developers.messagebird.com, "SMS Messaging API" and "API errors".
mod receipt;

use http::Request;
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "messagebird";

/// In characters, by the reference of `body`: nine parts of GSM-7.
const MAX_TEXT: usize = 1377;

/// `code` of an error that no parameter explains.
const CODES: Codes = &[
    // The access key; missing and invalid parameters; not found; balance; no such API.
    (Failure::Misconfigured, &[2, 9, 10, 20, 21, 25, 98]),
    (Failure::Broken, &[99]),
];

/// What an error is about, by its `parameter`.
const PARAMETERS: &[(&str, Failure)] = &[
    ("recipient", Failure::BadNumber),
    ("recipients", Failure::BadNumber),
    ("body", Failure::TextRefused),
    ("originator", Failure::Misconfigured),
];

/// `[sms.messagebird]`.
#[derive(Clone, Debug)]
pub struct MessageBirdSettings {
    pub access_key: Secret,
    /// Which receipts are signed with.
    pub signing_key: Option<Secret>,
    /// A number in E.164, a short code, or a name.
    pub from: String,
    pub base_url: url::Url,
}

#[derive(Serialize)]
struct Fields<'a> {
    originator: &'a str,
    recipients: [&'a str; 1],
    body: &'a str,
    /// `auto`: GSM-7 if the text is in it, else Unicode.
    datacoding: &'a str,
    /// In seconds.
    validity: u64,
    /// Needed for status reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(rename = "reportUrl", skip_serializing_if = "Option::is_none")]
    report_url: Option<&'a str>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    errors: Vec<Described>,
}

/// Its `description` quotes what was sent, so it is not read.
#[derive(Deserialize)]
struct Described {
    code: u32,
    parameter: Option<String>,
}

impl HttpApi for MessageBirdSettings {
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
        self.signing_key.as_ref().map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let url = http_api::below(&self.base_url, &["messages"])?;
        let fields = Fields {
            originator: self.from.trim_start_matches('+'),
            recipients: [message.to.digits()],
            body: message.text,
            datacoding: "auto",
            validity: message.valid_for.as_secs().max(1),
            reference: call.receipts.as_ref().map(|_| call.id.as_str()),
            report_url: call.receipts.as_deref(),
        };
        let login = http_api::authorization("AccessKey", self.access_key.reveal())?;
        http_api::json(&url, [login], &fields)
    }

    /// <https://developers.messagebird.com/api/balance/>
    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let asked = |login| http_api::get(&http_api::below(&self.base_url, &["balance"])?, login);
        Some(http_api::authorization("AccessKey", self.access_key.reveal()).and_then(asked))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if matches!(answer.status, 200 | 201) {
            let created: Created =
                serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
            return Accepted::with_id(&created.id);
        }
        let body: Option<ErrorBody> = serde_json::from_slice(&answer.body).ok();
        let first = body.as_ref().and_then(|body| body.errors.first());
        let known = first.and_then(meaning);
        Err(Refused::by_code(answer.status, first.map(|error| error.code), known))
    }
}

fn meaning(error: &Described) -> Option<Failure> {
    let about = PARAMETERS.iter().find(|(name, _)| error.parameter.as_deref() == Some(name));
    let by_parameter =
        about.map(|(_, failure)| *failure).filter(|_| matches!(error.code, 9 | 10 | 21));
    by_parameter.or_else(|| http_api::meaning(CODES, error.code))
}
