//! Vonage's delivery receipts of the SMS API, signed by SHA-256 HMAC.
//! Source: developer.vonage.com, "Delivery receipts" (statuses and error codes) and "Signing messages".
use async_trait::async_trait;
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;

use super::{VonageSettings, http_api};
use crate::delivery::Failure;
use crate::delivery::receipt::{
    DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest, field,
};
use crate::delivery::sms::http_api::Codes;
use crate::domain::{Currency, Money, TextStatus};

/// `err-code` of a text that did not arrive.
const CODES: Codes = &[
    // The handset was away or busy.
    (Failure::NotReached, &[2, 7]),
    // No longer active; no route to the number.
    (Failure::BadNumber, &[3, 12]),
    // Barred by the person, their age, their carrier or their credit.
    (Failure::NotMobile, &[4, 13, 14, 15]),
    (Failure::Blocked, &[5, 6, 11]),
    (Failure::Broken, &[8]),
    // "The user has specifically requested not to receive messages".
    (Failure::OptedOut, &[9]),
    (Failure::TextRefused, &[10]),
];

/// Accounts are billed in euros.
const CURRENCY: &str = "EUR";

#[async_trait]
impl ReceiptApi for VonageSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let secret = self.signature_secret.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        let fields = fields(request);
        let text = |name| field(&fields, name);
        let signature = text("sig").ok_or(ReceiptRefused::Unsigned)?;
        let signature = HEXLOWER_PERMISSIVE.decode(signature.as_bytes());
        let signature = signature.map_err(|_| ReceiptRefused::Forged)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        hmac::verify(&key, signed(&fields).as_bytes(), &signature)
            .map_err(|_| ReceiptRefused::Forged)?;
        request.is_young(text("timestamp").ok_or(ReceiptRefused::Old)?)?;
        let Some(status) = status(text("status").ok_or(ReceiptRefused::Unreadable)?) else {
            return Ok(None);
        };
        let id = text("messageId").ok_or(ReceiptRefused::Unreadable)?;
        let code = text("err-code").and_then(|code| code.parse().ok());
        let known = || code.and_then(|code| http_api::meaning(CODES, code));
        let failure =
            (status == TextStatus::Undelivered).then(|| known().unwrap_or(Failure::Unexpected));
        let price =
            text("price").and_then(|amount| Money::parse(amount, Currency::parse(CURRENCY)?));
        Ok(Some(DeliveryReceipt { failure, code, price, ..DeliveryReceipt::new(id, status)? }))
    }
}

/// The parameters, which an account has in the query, in a form or in JSON.
fn fields(request: &ReceiptRequest<'_>) -> Vec<(String, String)> {
    if request.body.is_empty() {
        return request.parameters();
    }
    match serde_json::from_slice(request.body) {
        Ok(Value::Object(fields)) => {
            let text = |value: Value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            fields.into_iter().map(|(name, value)| (name, text(value))).collect()
        }
        _ => request.form(),
    }
}

/// Each parameter but the signature, sorted by name; `&` and `=` in values are underscores.
fn signed(fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().filter(|(name, _)| name != "sig").collect();
    sorted.sort();
    let mut text = String::new();
    for (name, value) in sorted {
        text.extend(["&", name, "=", &value.replace(['&', '='], "_")]);
    }
    text
}

fn status(text: &str) -> Option<TextStatus> {
    match text {
        "accepted" | "buffered" => Some(TextStatus::Sent),
        "delivered" => Some(TextStatus::Delivered),
        "expired" | "failed" | "rejected" | "deleted" => Some(TextStatus::Undelivered),
        _ => None,
    }
}
