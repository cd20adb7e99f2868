//! `MessageBird`'s status reports: a GET, with a signed JWT beside it.
//! Source: developers.messagebird.com, "SMS messaging", section "Handle a status report", and "Verify HTTP
//! requests".
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::MessageBirdSettings;
use crate::delivery::Failure;
use crate::delivery::receipt::{
    DeliveryReceipt, ReceiptApi, ReceiptRefused, ReceiptRequest, field,
};
use crate::domain::{Currency, Money, TextStatus, sha256};

const ISSUER: &str = "MessageBird";

/// `statusReason` of a text that did not arrive.
const REASONS: &[(&str, Failure)] = &[
    ("unknown subscriber", Failure::BadNumber),
    ("unavailable subscriber", Failure::NotReached),
    ("expired", Failure::NotReached),
    ("opted out", Failure::OptedOut),
    ("received network error", Failure::Broken),
    ("insufficient balance", Failure::Misconfigured),
    ("carrier rejected", Failure::Blocked),
    ("capacity limit reached", Failure::Overloaded),
    ("generic delivery failure", Failure::Unexpected),
];

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    /// Seconds since 1970.
    exp: i64,
    nbf: Option<i64>,
    /// SHA-256 in hexadecimal.
    url_hash: String,
    payload_hash: Option<String>,
}

#[async_trait]
impl ReceiptApi for MessageBirdSettings {
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused> {
        let key = self.signing_key.as_ref().ok_or(ReceiptRefused::NotExpected)?;
        let token = request.header("messagebird-signature-jwt")?;
        judge(&claims(token, key.reveal())?, request)?;
        let fields = request.parameters();
        let text = |name| field(&fields, name);
        let Some(status) = status(text("status").ok_or(ReceiptRefused::Unreadable)?) else {
            return Ok(None);
        };
        let id = text("id").ok_or(ReceiptRefused::Unreadable)?;
        let code = text("statusErrorCode").and_then(|code| code.parse().ok());
        let reason = text("statusReason").unwrap_or_default();
        let known = REASONS.iter().find(|(known, _)| *known == reason);
        let failure = (status == TextStatus::Undelivered)
            .then(|| known.map_or(Failure::Unexpected, |(_, failure)| *failure));
        let price = text("price[amount]").zip(text("price[currency]"));
        let price =
            price.and_then(|(amount, currency)| Money::parse(amount, Currency::parse(currency)?));
        let segments = text("messagePartCount").and_then(|parts| parts.parse().ok());
        let receipt = DeliveryReceipt::new(id, status)?;
        Ok(Some(DeliveryReceipt { failure, code, price, segments, ..receipt }))
    }
}

/// The claims of a JWT that was signed by the key with HS256 (RFC 7515). Read here, since those of
/// `oauth` are of other keys.
fn claims(token: &str, key: &str) -> Result<Claims, ReceiptRefused> {
    let mut parts = token.rsplitn(2, '.');
    let (signature, signed) = (parts.next(), parts.next().ok_or(ReceiptRefused::Forged)?);
    let (header, claims) = signed.split_once('.').ok_or(ReceiptRefused::Forged)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature.unwrap_or_default());
    let signature = signature.map_err(|_| ReceiptRefused::Forged)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::verify(&key, signed.as_bytes(), &signature).map_err(|_| ReceiptRefused::Forged)?;
    let header: Header = part(header)?;
    if header.alg == "HS256" { part(claims) } else { Err(ReceiptRefused::Forged) }
}

fn part<T: DeserializeOwned>(encoded: &str) -> Result<T, ReceiptRefused> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ReceiptRefused::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| ReceiptRefused::Unreadable)
}

/// Whether the claims are of this request, and in time.
fn judge(claims: &Claims, request: &ReceiptRequest<'_>) -> Result<(), ReceiptRefused> {
    /// Seconds that clocks may differ by.
    const LEEWAY: i64 = 5;
    let is_hash = |hash: &str, bytes: &[u8]| {
        HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).is_ok_and(|hash| hash == sha256(bytes))
    };
    let is_body = match &claims.payload_hash {
        Some(hash) => is_hash(hash, request.body),
        None => request.body.is_empty(),
    };
    if claims.iss != ISSUER || !is_hash(&claims.url_hash, request.url.as_bytes()) || !is_body {
        return Err(ReceiptRefused::Forged);
    }
    let now = request.now.as_millis() / 1000;
    let is_young = now <= claims.exp.saturating_add(LEEWAY)
        && claims.nbf.is_none_or(|begins| begins <= now.saturating_add(LEEWAY));
    if is_young { Ok(()) } else { Err(ReceiptRefused::Old) }
}

fn status(text: &str) -> Option<TextStatus> {
    match text {
        "sent" | "buffered" => Some(TextStatus::Sent),
        "delivered" => Some(TextStatus::Delivered),
        "delivery_failed" | "expired" => Some(TextStatus::Undelivered),
        _ => None,
    }
}
