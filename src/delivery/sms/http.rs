//! A gateway of the operator's own, by HTTP: URL and body are templates of the configuration.
//! Knows no vendor's answers: a status, and a word of ours in the body.
mod receipt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::words::{RequestTemplate, ValueEncoding};

const NAME: &str = "http";

/// In characters. Longer than any text that is rendered.
const MAX_TEXT: usize = 1600;

/// Before a key in Base64, by Standard Webhooks.
const KEY_PREFIX: &str = "whsec_";

/// Bodies by the name of their preset; the first is the default.
pub const PRESETS: &[(&str, &str)] = &[
    (
        "doorcode",
        r#"{"id":"{{ id }}","to":"{{ to }}","from":"{{ from }}","text":"{{ text }}","expires_in":{{ expires_in }}}"#,
    ),
    // Auth0, "Set up custom SMS gateway for passwordless connections".
    ("auth0", r#"{"recipient":"{{ to }}","body":"{{ text }}","sender":"{{ from }}"}"#),
];

/// What a gateway may answer as `{"error": "…"}` beside a status of 4xx or 5xx.
const ERRORS: &[(&str, Failure)] = &[
    ("bad_number", Failure::BadNumber),
    ("not_mobile", Failure::NotMobile),
    ("not_reached", Failure::NotReached),
    ("opted_out", Failure::OptedOut),
    ("too_many", Failure::TooMany),
    ("country_not_served", Failure::CountryNotServed),
    ("text_refused", Failure::TextRefused),
    ("misconfigured", Failure::Misconfigured),
    ("overloaded", Failure::Overloaded),
    ("broken", Failure::Broken),
    ("blocked", Failure::Blocked),
    ("fraud", Failure::Fraud),
];

/// `[sms.http]`.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    pub method: Method,
    pub url: RequestTemplate,
    /// Scheme, host and port of every URL that the template makes.
    pub origin: url::Url,
    /// Not for GET.
    pub body: Option<GatewayBody>,
    pub headers: Vec<(HeaderName, RequestTemplate)>,
    /// The value of the header `Authorization`.
    pub authorization: Option<Secret>,
    /// Signs the body, by Standard Webhooks.
    pub signing_secret: Option<Secret>,
    /// Whether the gateway tells what becomes of texts, signed with the same secret.
    pub receipts: bool,
    pub from: Option<String>,
}

#[derive(Clone, Debug)]
pub struct GatewayBody {
    pub template: RequestTemplate,
    pub content_type: &'static str,
}

impl GatewayBody {
    /// The value of `Content-Type`, and how values are written, by the name in the file.
    pub const FORMATS: &'static [(&'static str, &'static str, ValueEncoding)] = &[
        ("json", "application/json", ValueEncoding::Json),
        ("form", "application/x-www-form-urlencoded", ValueEncoding::Percent),
    ];
}

/// The values of the templates: `{{ id }}`, `{{ to }}`, `{{ to_digits }}`, `{{ from }}`,
/// `{{ text }}` and `{{ expires_in }}`, in seconds.
pub struct GatewayValues<'a> {
    pub id: &'a str,
    pub to: &'a str,
    pub to_digits: &'a str,
    pub from: &'a str,
    pub text: &'a str,
    pub expires_in: &'a str,
}

impl GatewayValues<'_> {
    pub const fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("id", self.id),
            ("to", self.to),
            ("to_digits", self.to_digits),
            ("from", self.from),
            ("text", self.text),
            ("expires_in", self.expires_in),
        ]
    }
}

impl HttpApi for GatewaySettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.origin
    }

    fn sender(&self) -> Option<&str> {
        self.from.as_deref()
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        (self.receipts && self.signing_secret.is_some()).then_some(self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let values = GatewayValues {
            id: &call.id,
            to: message.to.e164(),
            to_digits: message.to.digits(),
            from: self.from.as_deref().unwrap_or_default(),
            text: message.text,
            expires_in: &message.valid_for.as_secs().max(1).to_string(),
        };
        let url = self.url.render(&values.pairs()).map_err(|_| Failure::Misconfigured)?;
        let url = url::Url::parse(&url).map_err(|_| Failure::Misconfigured)?;
        if url.origin() != self.origin.origin() {
            return Err(Failure::Misconfigured);
        }
        let body = self.body.as_ref().map(|body| body.template.render(&values.pairs()));
        let body = body.transpose().map_err(|_| Failure::Misconfigured)?.unwrap_or_default();
        let headers = self.headers(call, &values, &body)?;
        http_api::request(self.method.clone(), &url, headers.into_iter(), body.into_bytes())
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        let body: GatewayAnswer = serde_json::from_slice(&answer.body).unwrap_or_default();
        if (200..300).contains(&answer.status) {
            // Only the status counts: most gateways have no id.
            let id = body.id.and_then(|id| Accepted::with_id(&id).ok());
            return Ok(id.unwrap_or(Accepted { id: None, segments: None }));
        }
        let named = ERRORS.iter().find(|(name, _)| body.error.as_deref() == Some(name));
        let known = named.map(|(_, failure)| *failure);
        Err(known.unwrap_or_else(|| by_status(answer.status)).into())
    }
}

impl GatewaySettings {
    fn headers(
        &self,
        call: &Call,
        values: &GatewayValues<'_>,
        body: &str,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
        let named = HeaderName::from_static;
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let value = value.render(&values.pairs()).map_err(|_| Failure::Misconfigured)?;
            headers.push(http_api::header(name.clone(), &value)?);
        }
        headers.push(http_api::header(named("idempotency-key"), &call.id)?);
        if let Some(body) = &self.body {
            headers.push((CONTENT_TYPE, HeaderValue::from_static(body.content_type)));
        }
        if let Some(value) = &self.authorization {
            headers.push(http_api::header(AUTHORIZATION, value.reveal())?);
        }
        if let Some(secret) = &self.signing_secret {
            let seconds = (call.now.as_millis() / 1000).to_string();
            let signature = signature(secret, [&call.id, &seconds, body])?;
            headers.push(http_api::header(named("webhook-id"), &call.id)?);
            headers.push(http_api::header(named("webhook-timestamp"), &seconds)?);
            headers.push(http_api::header(named("webhook-signature"), &signature)?);
        }
        Ok(headers)
    }
}

/// `v1,` and HMAC-SHA256 of id, timestamp and body, joined by dots, in Base64. Source:
/// standardwebhooks.com, "Standard Webhooks specification", section "Webhook signatures".
fn signature(secret: &Secret, parts: [&str; 3]) -> Result<String, Failure> {
    let key = signing_key(secret.reveal()).ok_or(Failure::Misconfigured)?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), parts.join(".").as_bytes());
    Ok(format!("v1,{}", BASE64_STANDARD.encode(tag)))
}

/// The bytes of a signing secret: what follows `whsec_` in Base64, or the text itself. `None` if
/// that is not Base64.
pub fn signing_key(secret: &str) -> Option<Vec<u8>> {
    match secret.strip_prefix(KEY_PREFIX) {
        Some(encoded) => BASE64_STANDARD.decode(encoded).ok(),
        None => Some(secret.as_bytes().to_vec()),
    }
}

#[derive(Default, Deserialize)]
struct GatewayAnswer {
    id: Option<String>,
    error: Option<String>,
}

/// A refusal without a word of [`ERRORS`]. It is not repeated elsewhere unless the status says that
/// it has nothing to do with this text: it may be meant for the number, or against fraud.
fn by_status(status: u16) -> Failure {
    match status {
        400 | 403 | 406 | 410..=428 | 430..=499 => Failure::Declined,
        // The text of this `Idempotency-Key` was taken before.
        409 => Failure::Unclear,
        _ => super::status::meaning(status),
    }
}
