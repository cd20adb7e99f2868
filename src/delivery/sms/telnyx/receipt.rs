//! Telnyx's webhooks.
//! Source: developers.telnyx.com, "Receiving webhooks", sections "Webhook signing" and "Delivery statuses".
use async_trait::async_trait;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{CODES, TelnyxSettings, http_api};
use crate::delivery::Failure;
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::domain::{Currency, Money, TextStatus};

#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    id: String,
    to: Vec<Recipient>,
    parts: Option<u32>,
    cost: Option<Cost>,
    #[serde(default)]
    errors: Vec<Described>,
}

#[derive(Deserialize)]
struct Recipient {
    status: String,
}

#[derive(Deserialize)]
struct Cost {
    amount: String,
    currency: String,
}

#[derive(Deserialize)]
struct Described {
    code: String,
}

#[async_trait]
impl ReceiptApi for TelnyxSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let key = self.public_key.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        let signature = request.header("telnyx-signature-ed25519")?;
        let time = request.header("telnyx-timestamp")?;
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| ReceiptRefused::Forged)?;
        let signed = [time.as_bytes(), request.body].join(&b'|');
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(&signed, &signature).map_err(|_| ReceiptRefused::Forged)?;
        request.is_young(time)?;
        let body: Body =
            serde_json::from_slice(request.body).map_err(|_| ReceiptRefused::Unreadable)?;
        read(&body.data.payload)
    }
}

fn read(payload: &Payload) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
    let recipient = payload.to.first().ok_or(ReceiptRefused::Unreadable)?;
    let Some(status) = status(&recipient.status) else { return Ok(None) };
    let code = payload.errors.first().and_then(|error| error.code.parse().ok());
    let failure = (status == TextStatus::Undelivered).then(|| {
        code.and_then(|code| http_api::meaning(CODES, code)).unwrap_or(Failure::Unexpected)
    });
    let price = payload
        .cost
        .as_ref()
        .and_then(|cost| Money::parse(&cost.amount, Currency::parse(&cost.currency)?));
    let segments = payload.parts.filter(|parts| *parts > 0);
    let receipt = DeliveryReceipt::new(&payload.id, status)?;
    Ok(Some(DeliveryReceipt { failure, code, price, segments, ..receipt }))
}

/// `delivery_unconfirmed`: the carrier will never tell.
fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" | "delivery_unconfirmed" => Some(TextStatus::Sent),
        "delivered" => Some(TextStatus::Delivered),
        "sending_failed" | "delivery_failed" | "expired" | "cancelled" => {
            Some(TextStatus::Undelivered)
        }
        _ => None,
    }
}
