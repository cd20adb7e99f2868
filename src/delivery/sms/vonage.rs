//! Vonage's SMS API. Answers 200 to refusals too: the status of each part is in the body.
//! Source: developer.vonage.com, "SMS API reference" and "Troubleshooting SMS", table "SMS API error
//! codes".
mod receipt;

use http::Request;
use serde::Deserialize;

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;
use crate::words::{Encoding, Segments};

const NAME: &str = "vonage";

/// In characters, by the reference of `text`.
const MAX_TEXT: usize = 1000;

/// Of `ttl`, in milliseconds.
const TTL: std::ops::RangeInclusive<u128> = 20_000..=604_800_000;

/// `status` of a message.
const CODES: Codes = &[
    // Throttled; too many binds.
    (Failure::Overloaded, &[1, 10]),
    // Parameters, credentials, account, credit, sender, and numbers that a trial account may not text.
    (Failure::Misconfigured, &[2, 3, 4, 8, 9, 11, 14, 15, 22, 23, 29, 32]),
    (Failure::Broken, &[5]),
    // A prefix of no network.
    (Failure::BadNumber, &[6]),
    // Barred, or deactivated.
    (Failure::NotMobile, &[7, 33]),
    (Failure::TextRefused, &[12]),
];

/// `[sms.vonage]`.
#[derive(Clone, Debug)]
pub struct VonageSettings {
    pub api_key: String,
    pub api_secret: Secret,
    /// Which receipts are signed with.
    pub signature_secret: Option<Secret>,
    /// A number in E.164, a short code, or a name.
    pub from: String,
    pub base_url: url::Url,
}

#[derive(Deserialize)]
struct Body {
    messages: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    status: String,
    #[serde(rename = "message-id")]
    id: Option<String>,
}

impl HttpApi for VonageSettings {
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
        self.signature_secret.as_ref().map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let url = http_api::below(&self.base_url, &["sms", "json"])?;
        // Without `unicode`, characters that GSM-7 lacks arrive as `?`.
        let kind = match Segments::of(message.text).encoding {
            Encoding::Gsm7 => "text",
            Encoding::Ucs2 => "unicode",
        };
        let ttl = message.valid_for.as_millis().clamp(*TTL.start(), *TTL.end()).to_string();
        let mut fields = vec![
            ("api_key", self.api_key.as_str()),
            ("api_secret", self.api_secret.reveal()),
            ("from", self.from.trim_start_matches('+')),
            ("to", message.to.digits()),
            ("text", message.text),
            ("type", kind),
            ("ttl", &ttl),
        ];
        fields.extend(call.receipts.as_deref().map(|url| ("callback", url)));
        http_api::form(&url, [], &fields)
    }

    /// <https://developer.vonage.com/en/api/account#getAccountBalance>
    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let asked = |login| {
            http_api::get(&http_api::below(&self.base_url, &["account", "get-balance"])?, login)
        };
        Some(http_api::basic(&self.api_key, self.api_secret.reveal()).and_then(asked))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if answer.status != 200 {
            return Err(Refused::by_code(answer.status, None, None));
        }
        let body: Body = serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
        let taken = body.messages.iter().filter(|part| part.status == "0").count();
        match body.messages.first() {
            Some(first) if taken == body.messages.len() => {
                let accepted = Accepted::with_id(first.id.as_deref().unwrap_or_default())?;
                Ok(Accepted { segments: u32::try_from(taken).ok(), ..accepted })
            }
            Some(first) if taken == 0 => Err(refused(first)),
            // Some parts of a long text are on their way.
            _ => Err(Failure::Unclear.into()),
        }
    }
}

fn refused(part: &Part) -> Refused {
    let code = part.status.parse().ok();
    let known = code.and_then(|code| http_api::meaning(CODES, code));
    Refused { failure: known.unwrap_or(Failure::Unexpected), code }
}
