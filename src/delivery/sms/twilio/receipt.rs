//! Twilio's status callbacks.
//! Source: twilio.com/docs, "Track the Message Status of Outbound Messages" and "Webhooks security",
//! section "Validating signatures from Twilio".
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::{TwilioSettings, codes};
use crate::delivery::Failure;
use crate::delivery::receipt::{
    DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest, field,
};
use crate::domain::{Secret, TextStatus};

const SIGNATURE: &str = "x-twilio-signature";

#[async_trait]
impl ReceiptApi for TwilioSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let token = self.credentials.signing_token(self.signing_token.as_ref());
        of_message(&signed_fields(token, request)?, codes::by_code)
    }
}

/// The fields of a callback that is signed with the account's token, whatever it tells of. `token`: `None`
/// if it is not known.
pub(in crate::delivery::sms) fn signed_fields(
    token: Option<&Secret>,
    request: &ReceiptRequest<'_>,
) -> Result<Vec<(String, String)>, ReceiptRefused> {
    let token = token.ok_or(ReceiptRefused::NotExpected)?;
    let signature = BASE64_STANDARD.decode(request.header(SIGNATURE)?);
    let signature = signature.map_err(|_| ReceiptRefused::Forged)?;
    let fields = request.form();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.reveal().as_bytes());
    let is_right =
        |url: &String| hmac::verify(&key, signed(url, &fields).as_bytes(), &signature).is_ok();
    spellings(request.url).iter().any(is_right).then_some(fields).ok_or(ReceiptRefused::Forged)
}

/// What the fields say of a message. `by_code`: what an error code of its channel means.
pub(in crate::delivery::sms) fn of_message(
    fields: &[(String, String)],
    by_code: fn(u32) -> Option<Failure>,
) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
    let text = |name| field(fields, name);
    let Some(status) = status(text("MessageStatus").ok_or(ReceiptRefused::Unreadable)?) else {
        return Ok(None);
    };
    let receipt =
        DeliveryReceipt::new(text("MessageSid").ok_or(ReceiptRefused::Unreadable)?, status)?;
    let code = text("ErrorCode").and_then(|code| code.parse().ok());
    let failure = (status == TextStatus::Undelivered)
        .then(|| code.and_then(by_code).unwrap_or(Failure::Unexpected));
    Ok(Some(DeliveryReceipt { failure, code, ..receipt }))
}

/// What is signed: the URL, then name and value of each field, sorted by name.
fn signed(url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    let pairs = sorted.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    std::iter::once(url).chain(pairs).collect()
}

/// The URL with its port and without: which of the two Twilio signs depends on the scheme, and its own
/// libraries try both.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Ok(parsed) = Url::parse(url) else { return all };
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else {
        return all;
    };
    let scheme = parsed.scheme();
    let rest = url.splitn(4, '/').nth(3).unwrap_or_default();
    all.push(format!("{scheme}://{host}/{rest}"));
    all.push(format!("{scheme}://{host}:{port}/{rest}"));
    all
}

/// `None`: nothing that is not known since the text was taken.
fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" | "partially_delivered" => Some(TextStatus::Sent),
        "delivered" | "read" => Some(TextStatus::Delivered),
        "undelivered" | "failed" | "canceled" => Some(TextStatus::Undelivered),
        _ => None,
    }
}
