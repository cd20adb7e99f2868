//! The events of a configuration set, which AWS publishes to an SNS topic.
//! Source: docs.aws.amazon.com, "AWS End User Messaging SMS User Guide": "Event types for SMS, MMS, and voice" and "Example
//! AWS End User Messaging SMS event data".
use async_trait::async_trait;
use serde::Deserialize;

use super::AwsSettings;
use crate::delivery::Failure;
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::domain::{Currency, Money, TextStatus};

/// Texts are billed in dollars, except by the regions in China, whose currency the events do not name.
const CURRENCY: &str = "USD";

/// `eventType`, what it says, and why the text did not arrive. Queued and pending texts say nothing new.
const EVENTS: &[(&str, TextStatus, Option<Failure>)] = &[
    // Accepted by the carrier. In some countries it is the last that is heard.
    ("TEXT_SUCCESSFUL", TextStatus::Sent, None),
    // AWS does not know: it may arrive, and nobody may get two texts.
    ("TEXT_UNKNOWN", TextStatus::Sent, None),
    ("TEXT_DELIVERED", TextStatus::Delivered, None),
    ("TEXT_BLOCKED", TextStatus::Undelivered, Some(Failure::Blocked)),
    ("TEXT_CARRIER_BLOCKED", TextStatus::Undelivered, Some(Failure::Blocked)),
    ("TEXT_SPAM", TextStatus::Undelivered, Some(Failure::Blocked)),
    // The operator's own rules against pumping.
    ("TEXT_PROTECT_BLOCKED", TextStatus::Undelivered, Some(Failure::Declined)),
    ("TEXT_INVALID", TextStatus::Undelivered, Some(Failure::BadNumber)),
    ("TEXT_INVALID_MESSAGE", TextStatus::Undelivered, Some(Failure::TextRefused)),
    ("TEXT_UNREACHABLE", TextStatus::Undelivered, Some(Failure::NotReached)),
    ("TEXT_CARRIER_UNREACHABLE", TextStatus::Undelivered, Some(Failure::NotReached)),
    ("TEXT_TTL_EXPIRED", TextStatus::Undelivered, Some(Failure::NotReached)),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextEvent {
    event_type: String,
    is_final: bool,
    message_id: Option<String>,
    total_message_parts: Option<u32>,
    /// Of all parts, without what the carrier takes.
    total_message_price: Option<serde_json::Number>,
    total_carrier_fee: Option<serde_json::Number>,
}

#[async_trait]
impl ReceiptApi for AwsSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let topic = self.topic.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        let Some(published) = topic.published(request.body, request.now).await? else {
            return Ok(None);
        };
        // SNS says so to the topic when a destination is made, in words.
        let Ok(event) = serde_json::from_str::<TextEvent>(&published) else { return Ok(None) };
        self.read(&event)
    }
}

impl AwsSettings {
    fn read(&self, event: &TextEvent) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let known = EVENTS.iter().find(|(kind, ..)| *kind == event.event_type);
        let Some(&(_, status, failure)) = known else { return Ok(None) };
        // It may still arrive: nobody may get two texts.
        if failure.is_some() && !event.is_final {
            return Ok(None);
        }
        let id = event.message_id.as_deref().ok_or(ReceiptRefused::Unreadable)?;
        let segments = event.total_message_parts.filter(|parts| *parts > 0);
        let receipt = DeliveryReceipt::new(id, status)?;
        Ok(Some(DeliveryReceipt { failure, price: self.price(event), segments, ..receipt }))
    }

    fn price(&self, event: &TextEvent) -> Option<Money> {
        let currency = Currency::parse(CURRENCY).filter(|_| !self.region.starts_with("cn-"))?;
        let parts = |number: &serde_json::Number| {
            Money::parse(&number.to_string(), currency).map(Money::parts)
        };
        let price = parts(event.total_message_price.as_ref()?)?;
        let fee = event.total_carrier_fee.as_ref().map_or(Some(0), parts)?;
        Some(Money::of_parts(price.saturating_add(fee), currency))
    }
}
