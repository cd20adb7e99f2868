//! What each vendor documents of its API: requests, refusals, and how Doorcode is set up for it.
//! Serves nothing.
mod aws;
mod gateway;
mod messagebird;
mod messagebird_whatsapp;
mod plivo;
mod sinch;
mod telnyx;
mod twilio;
mod twilio_channels;
pub(super) mod twilio_verify;
pub(super) mod vonage;

use axum::http::Method;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use serde_json::{Map, Value};

use crate::support::provider::{Reply, Vendor};

/// Who texts come from in all of them.
pub(super) const SENDER: &str = "+12025550199";

/// One row for each provider.
pub(super) const CONTRACTS: &[&dyn Contract] = &[
    &twilio::Twilio,
    &vonage::Vonage,
    &plivo::Plivo,
    &messagebird::MessageBird,
    &telnyx::Telnyx,
    &sinch::Sinch,
    &aws::Aws,
    &gateway::Gateway,
    &twilio_verify::TwilioVerify,
    &twilio_channels::TwilioVoice,
    &twilio_channels::TwilioWhatsApp,
    &messagebird_whatsapp::MessageBirdWhatsApp,
];

pub(super) trait Contract: Sync {
    fn name(&self) -> &'static str;

    fn vendor(&self) -> Box<dyn Vendor>;

    /// The settings for a double at `base_url`, with this secret in place of the right one.
    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings;

    /// The right one.
    fn secret(&self) -> &'static str;

    /// Each documented class of refusal: the answer, what it means, and the code in it.
    fn refusals(&self) -> Vec<Refusal>;

    /// The status of an accepted text.
    fn success(&self) -> u16;

    /// Whether a success with an unreadable body leaves it unclear whether the text was sent.
    fn needs_id(&self) -> bool {
        true
    }

    /// Characters.
    fn longest(&self) -> usize;

    /// Whether nothing of the text but its code is sent.
    fn sends_code_alone(&self) -> bool {
        false
    }

    /// Whether the vendor words its texts, and makes the codes in them.
    fn owns_codes(&self) -> bool {
        false
    }
}

pub(super) struct Refusal {
    pub(super) reply: Reply,
    pub(super) failure: Failure,
    pub(super) code: Option<u32>,
}

/// What a request must have, and which status it is refused with without it.
pub(super) struct Rules<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) authorization: Option<String>,
    pub(super) content_type: &'a str,
}

impl Rules<'_> {
    /// The first status of a refusal.
    pub(super) fn check(&self, head: &Parts) -> Result<(), u16> {
        let has = |name: &str, value: &str| {
            let all: Vec<_> = head.headers.get_all(name).iter().collect();
            all.len() == 1 && all[0].as_bytes() == value.as_bytes()
        };
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        or(target == self.path, 404)?;
        or(head.method == self.method, 405)?;
        if let Some(authorization) = &self.authorization {
            or(has("authorization", authorization), 401)?;
        }
        or(has("content-type", self.content_type), 415)
    }
}

pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

pub(super) fn or(good: bool, status: u16) -> Result<(), u16> {
    good.then_some(()).ok_or(status)
}

/// The fields of an object, each of which must be documented.
pub(super) fn object(body: &[u8], documented: &[&str]) -> Result<Map<String, Value>, u16> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Err(400) };
    or(fields.keys().all(|name| documented.contains(&name.as_str())), 400)?;
    Ok(fields)
}

/// A string of the object that is not empty.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> Result<String, u16> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or(400)
}

/// A number in E.164 from one without its plus sign.
pub(super) fn from_digits(text: &str) -> Result<String, u16> {
    or((7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()), 400)?;
    Ok(format!("+{text}"))
}

pub(super) fn e164(text: String) -> Result<String, u16> {
    from_digits(text.strip_prefix('+').ok_or(400_u16)?)?;
    Ok(text)
}

/// Whether GSM-7 has all characters; as far as the texts of these tests go.
pub(super) fn is_gsm(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii() || "£¥èéùìòÇØøÅåÄÖÑÜ§¿äöñüà€".contains(c))
}
