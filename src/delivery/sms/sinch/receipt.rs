//! Sinch's delivery reports per recipient, signed by HMAC, which the account manager sets up.
//! Source: developers.sinch.com, "SMS API reference", "Webhooks" and "Delivery reports" (statuses and error
//! codes).
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{SinchSettings, http_api};
use crate::delivery::Failure;
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::delivery::sms::http_api::Codes as NumberedCodes;
use crate::domain::TextStatus;

/// `code` of a report. What is not in it is judged by the status.
const REPORT_CODES: NumberedCodes = &[
    (Failure::Blocked, &[402, 408]),
    (Failure::Broken, &[403]),
    (Failure::NotReached, &[404, 406]),
    (Failure::CountryNotServed, &[412]),
    (Failure::Misconfigured, &[405, 410, 413]),
    (Failure::TextRefused, &[411]),
    (Failure::BadNumber, &[414]),
];

#[derive(Deserialize)]
struct Report {
    r#type: String,
    batch_id: String,
    status: String,
    code: Option<u32>,
    number_of_message_parts: Option<u32>,
}

#[async_trait]
impl ReceiptApi for SinchSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let secret = self.webhook_secret.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        let header = |name: &str| request.header(&format!("x-sinch-webhook-signature{name}"));
        let (nonce, time) = (header("-nonce")?, header("-timestamp")?);
        let signature = BASE64_STANDARD.decode(header("")?).map_err(|_| ReceiptRefused::Forged)?;
        if header("-algorithm")? != "HmacSHA256" {
            return Err(ReceiptRefused::Forged);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        let signed = [request.body, nonce.as_bytes(), time.as_bytes()].join(&b'.');
        hmac::verify(&key, &signed, &signature).map_err(|_| ReceiptRefused::Forged)?;
        request.is_young(time)?;
        let report: Report =
            serde_json::from_slice(request.body).map_err(|_| ReceiptRefused::Unreadable)?;
        if report.r#type != "recipient_delivery_report_sms" {
            return Ok(None);
        }
        let Some((status, usual)) = meaning(&report.status) else { return Ok(None) };
        let code = report.code.filter(|code| *code > 0);
        let known = code.and_then(|code| http_api::meaning(REPORT_CODES, code));
        let failure = usual.map(|usual| known.unwrap_or(usual));
        let segments = report.number_of_message_parts.filter(|parts| *parts > 0);
        let receipt = DeliveryReceipt::new(&report.batch_id, status)?;
        Ok(Some(DeliveryReceipt { failure, code, segments, ..receipt }))
    }
}

/// A status, and the failure that it stands for without a code. Deleted: "an invalid MSISDN or opted out
/// subscriber".
fn meaning(status: &str) -> Option<(TextStatus, Option<Failure>)> {
    use TextStatus::{Delivered, Sent, Undelivered};
    Some(match status.to_ascii_lowercase().as_str() {
        "dispatched" => (Sent, None),
        "delivered" => (Delivered, None),
        "rejected" => (Undelivered, Some(Failure::Blocked)),
        "deleted" => (Undelivered, Some(Failure::BadNumber)),
        "expired" => (Undelivered, Some(Failure::NotReached)),
        "failed" | "aborted" | "cancelled" => (Undelivered, Some(Failure::Unexpected)),
        _ => return None,
    })
}
