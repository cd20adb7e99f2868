//! The receipts of a gateway of the operator's own, signed as our requests to it are.
//! Source: standardwebhooks.com, "Standard Webhooks specification", section "Verifying signatures".
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{ERRORS, GatewaySettings, signing_key};
use crate::delivery::Failure;
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::domain::{Currency, Money, TextStatus};

/// `{"id": "…", "status": "delivered"}`.
#[derive(Deserialize)]
struct Body {
    id: String,
    status: String,
    /// A word of [`ERRORS`].
    error: Option<String>,
    price: Option<Amount>,
    currency: Option<String>,
    segments: Option<u32>,
}

/// `"0.012"` or `0.012`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Text(String),
    Number(serde_json::Number),
}

impl Amount {
    fn in_currency(&self, currency: &str) -> Option<Money> {
        let currency = Currency::parse(currency)?;
        match self {
            Self::Text(text) => Money::parse(text, currency),
            Self::Number(number) => Money::parse(&number.to_string(), currency),
        }
    }
}

#[async_trait]
impl ReceiptApi for GatewaySettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let secret = self.signing_secret.as_ref().filter(|_| self.receipts);
        let secret = secret.ok_or(ReceiptRefused::NotExpected)?;
        let key = signing_key(secret.reveal()).ok_or(ReceiptRefused::NotExpected)?;
        let (id, time) = (request.header("webhook-id")?, request.header("webhook-timestamp")?);
        let given = request.header("webhook-signature")?;
        let signed = [id.as_bytes(), time.as_bytes(), request.body].join(&b'.');
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let is_right = |signature: &str| {
            let tag =
                signature.strip_prefix("v1,").and_then(|tag| BASE64_STANDARD.decode(tag).ok());
            tag.is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
        };
        if !given.split(' ').any(is_right) {
            return Err(ReceiptRefused::Forged);
        }
        request.is_young(time)?;
        let body: Body =
            serde_json::from_slice(request.body).map_err(|_| ReceiptRefused::Unreadable)?;
        let Some(status) = status(&body.status) else { return Ok(None) };
        let named = ERRORS.iter().find(|(word, _)| body.error.as_deref() == Some(word));
        let failure = (status == TextStatus::Undelivered)
            .then(|| named.map_or(Failure::Unexpected, |(_, failure)| *failure));
        let price = body.price.zip(body.currency);
        let price = price.and_then(|(amount, currency)| amount.in_currency(&currency));
        let segments = body.segments.filter(|segments| *segments > 0);
        let receipt = DeliveryReceipt::new(&body.id, status)?;
        Ok(Some(DeliveryReceipt { failure, price, segments, ..receipt }))
    }
}

fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" => Some(TextStatus::Sent),
        "delivered" => Some(TextStatus::Delivered),
        "undelivered" => Some(TextStatus::Undelivered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_text_or_a_number() {
        for price in ["\"0.012\"", "0.012"] {
            let body = format!(r#"{{"id":"1","status":"sent","price":{price}}}"#);
            let body: Body = serde_json::from_str(&body).unwrap();
            let parts = body.price.and_then(|amount| amount.in_currency("CHF")).map(Money::parts);
            assert_eq!(parts, Some(12_000), "{price}");
        }
    }
}
