//! Twilio's status callback of a call that is over, which is signed as those of messages.
//! Source: twilio.com/docs/voice/api/call-resource, `StatusCallback` and "Call status values".
use super::TwilioVoiceSettings;
use crate::delivery::Failure;
use crate::delivery::receipt::{
    DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest, field,
};
use crate::delivery::sms::twilio;
use crate::domain::TextStatus;
use async_trait::async_trait;

#[async_trait]
impl ReceiptApi for TwilioVoiceSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let token = self.credentials.signing_token(self.signing_token.as_ref());
        let fields = twilio::signed_fields(token, request)?;
        let text = |name| field(&fields, name).ok_or(ReceiptRefused::Unreadable);
        let Some((status, failure)) = ended(text("CallStatus")?) else { return Ok(None) };
        let receipt = DeliveryReceipt::new(text("CallSid")?, status)?;
        Ok(Some(DeliveryReceipt { failure, ..receipt }))
    }
}

/// How a call ended; `None`: it did not. A mailbox that answers is an answer too.
fn ended(status: &str) -> Option<(TextStatus, Option<Failure>)> {
    match status {
        "completed" => Some((TextStatus::Delivered, None)),
        "busy" | "no-answer" => Some((TextStatus::Undelivered, Some(Failure::NotAnswered))),
        // "Most likely because the phone number was entered incorrectly."
        "failed" => Some((TextStatus::Undelivered, Some(Failure::BadNumber))),
        // By the owner of the account.
        "canceled" => Some((TextStatus::Undelivered, Some(Failure::Declined))),
        _ => None,
    }
}
