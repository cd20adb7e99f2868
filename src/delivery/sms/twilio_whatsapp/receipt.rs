//! Twilio's status callbacks of messages by WhatsApp, which are those of texts: `read` comes after `delivered`.
use super::{TwilioWhatsAppSettings, by_code};
use crate::delivery::receipt::{DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest};
use crate::delivery::sms::twilio;
use async_trait::async_trait;

#[async_trait]
impl ReceiptApi for TwilioWhatsAppSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let token = self.credentials.signing_token(self.signing_token.as_ref());
        twilio::of_message(&twilio::signed_fields(token, request)?, by_code)
    }
}
