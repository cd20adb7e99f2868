//! Bird's events of outgoing messages. Source: docs.bird.com, "Verifying a webhook subscription", "Message
//! status and interactions" and "Message Failure Codes".
use std::ops::RangeInclusive;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{BirdMessage, MessageBirdWhatsAppSettings};
use crate::delivery::Failure;
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::domain::{Secret, TextStatus, sha256};

/// Codes that the page names, and after them its classes of codes; the first row that matches.
const CODES: &[(RangeInclusive<u32>, Failure)] = &[
    // "The source number and destination combination are not allowed."
    (12_003..=12_003, Failure::Misconfigured),
    // "Unknown subscriber."
    (15_005..=15_005, Failure::BadNumber),
    // What was asked for: channel, input, receiver, content, sender.
    (11_000..=11_999, Failure::Misconfigured),
    // Bird's own failures.
    (12_000..=12_999, Failure::Broken),
    // "Due to customers' actions."
    (14_000..=14_999, Failure::Misconfigured),
    // What WhatsApp refuses.
    (15_000..=15_999, Failure::Unexpected),
];

/// An event of a webhook subscription, which may have others too.
#[derive(Deserialize)]
struct Event {
    event: String,
    payload: serde_json::Value,
}

#[async_trait]
impl ReceiptApi for MessageBirdWhatsAppSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let key = self.signing_key.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        verify(key, request)?;
        let unreadable = |_| ReceiptRefused::Unreadable;
        let event: Event = serde_json::from_slice(request.body).map_err(unreadable)?;
        if event.event != "whatsapp.outbound" {
            return Ok(None);
        }
        let message: BirdMessage = serde_json::from_value(event.payload).map_err(unreadable)?;
        let Some(status) = status(&message.status) else { return Ok(None) };
        let code = message.code();
        let failure = (status == TextStatus::Undelivered).then(|| failure(code));
        let receipt = DeliveryReceipt::new(&message.id, status)?;
        Ok(Some(DeliveryReceipt { failure, code, ..receipt }))
    }
}

/// The signature is of the time, the URL and the digest of the body, as bytes, with newlines between.
fn verify(key: &Secret, request: &ReceiptRequest<'_>) -> Result<(), ReceiptRefused> {
    let signature = BASE64_STANDARD.decode(request.header("messagebird-signature")?);
    let signature = signature.map_err(|_| ReceiptRefused::Forged)?;
    let time = request.header("messagebird-request-timestamp")?;
    let digest = sha256(request.body);
    let signed = [time.as_bytes(), b"\n", request.url.as_bytes(), b"\n", &digest[..]].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
    hmac::verify(&key, &signed, &signature).map_err(|_| ReceiptRefused::Forged)?;
    request.is_young(time)
}

/// `None`: nothing that is not known since the message was taken.
fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" => Some(TextStatus::Sent),
        "delivered" => Some(TextStatus::Delivered),
        _ if is_failed(text) => Some(TextStatus::Undelivered),
        _ => None,
    }
}

/// Whether nothing more becomes of a message, and nobody has it.
pub(super) fn is_failed(status: &str) -> bool {
    matches!(status, "rejected" | "sending_failed" | "delivery_failed" | "deleted" | "skipped")
}

/// What a code means; `None`: it has none.
pub(super) fn failure(code: Option<u32>) -> Failure {
    let row = CODES.iter().find(|(codes, _)| code.is_some_and(|code| codes.contains(&code)));
    row.map_or(Failure::Unexpected, |(_, failure)| *failure)
}
