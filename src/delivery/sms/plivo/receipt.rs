//! Plivo's message status callbacks, signed by version 3. Version 2 is refused: it does not cover what is
//! told. Source: plivo.com/docs, "Message status callbacks", "Message error codes" and "Signature
//! validation"; the text that is signed, from plivo-python, `plivo/utils/signature_v3.py`.
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{PlivoSettings, http_api};
use crate::delivery::Failure;
use crate::delivery::receipt::{
    DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest, field,
};
use crate::delivery::sms::http_api::Codes;
use crate::domain::{Currency, Money, TextStatus};

/// `ErrorCode` of a text that did not arrive.
const CODES: Codes = &[
    (Failure::Broken, &[20, 60, 300]),
    (Failure::Blocked, &[30, 90, 100]),
    (Failure::Misconfigured, &[40, 201, 900, 910]),
    // No such number; permanently unavailable.
    (Failure::BadNumber, &[50, 70]),
    (Failure::NotReached, &[80, 420]),
    (Failure::TextRefused, &[10, 110]),
    // Answered with STOP.
    (Failure::OptedOut, &[200]),
];

/// Accounts are billed in dollars.
const CURRENCY: &str = "USD";

#[async_trait]
impl ReceiptApi for PlivoSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let given = request.header("x-plivo-signature-v3")?;
        let nonce = request.header("x-plivo-signature-v3-nonce")?;
        let fields = request.form();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.auth_token.reveal().as_bytes());
        let is_right = |signature: &str| {
            BASE64_STANDARD.decode(signature.trim()).is_ok_and(|tag| {
                let texts = signed(request.url, &fields, nonce);
                texts.iter().any(|text| hmac::verify(&key, text.as_bytes(), &tag).is_ok())
            })
        };
        // One for each auth token of the account.
        if !given.split(',').any(is_right) {
            return Err(ReceiptRefused::Forged);
        }
        let text = |name| field(&fields, name);
        let Some(status) = status(text("Status").ok_or(ReceiptRefused::Unreadable)?) else {
            return Ok(None);
        };
        let id = text("MessageUUID").ok_or(ReceiptRefused::Unreadable)?;
        let code = text("ErrorCode").and_then(|code| code.parse().ok()).filter(|code| *code > 0);
        let known = || code.and_then(|code| http_api::meaning(CODES, code));
        let failure =
            (status == TextStatus::Undelivered).then(|| known().unwrap_or(Failure::Unexpected));
        let price =
            text("TotalAmount").and_then(|amount| Money::parse(amount, Currency::parse(CURRENCY)?));
        let segments = text("Units").and_then(|units| units.parse().ok()).filter(|n| *n > 0);
        let receipt = DeliveryReceipt::new(id, status)?;
        Ok(Some(DeliveryReceipt { failure, code, price, segments, ..receipt }))
    }
}

/// The URL, a question mark, name and value of each field sorted by name, a dot and the nonce. Plivo's
/// libraries differ in whether the question mark is there.
fn signed(url: &str, fields: &[(String, String)], nonce: &str) -> [String; 2] {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    let pairs = sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let all: String = pairs.collect();
    [format!("{url}?{all}.{nonce}"), format!("{url}{all}.{nonce}")]
}

fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" => Some(TextStatus::Sent),
        "delivered" | "read" => Some(TextStatus::Delivered),
        "undelivered" | "failed" | "rejected" => Some(TextStatus::Undelivered),
        _ => None,
    }
}
