//! Receipts as each vendor signs and writes them.
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use doorcode::domain::sha256;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::support::twilio::ACCOUNT_SID;
use crate::support::twilio::channels::CONTENT_SID;
use crate::support::twilio::receipts::{signed_call, signed_receipt};

/// What a vendor tells, when, and by which secret it signs.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// Of its place.
    pub(super) url: &'a str,
    pub(super) id: &'a str,
    pub(super) status: Status,
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) secret: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Queued,
    Sent,
    Delivered,
    Undelivered,
}

/// One vendor: how it writes a receipt, when that is too old, and what it says that a
/// text cost, in millionths.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) told: fn(&Told<'_>) -> Vec<u8>,
    /// Seconds after which it is too old; `None`: never.
    pub(super) ages: Option<i64>,
    /// Whether it says that a message was handed on, before what became of it.
    pub(super) tells_sent: bool,
    pub(super) price: Option<(i64, &'static str)>,
    /// Of the code of [`Status::Undelivered`].
    pub(super) failure: &'static str,
}

const fn row(
    name: &'static str,
    told: fn(&Told<'_>) -> Vec<u8>,
    ages: Option<i64>,
    price: Option<(i64, &'static str)>,
    failure: &'static str,
) -> Row {
    Row { name, told, ages, tells_sent: true, price, failure }
}

pub(super) const VENDORS: &[Row] = &[
    row("twilio", twilio, None, None, "blocked"),
    row("twilio_whatsapp", twilio_whatsapp, None, None, "not_reached"),
    Row { tells_sent: false, ..row("twilio_voice", twilio_voice, None, None, "not_answered") },
    row("vonage", vonage, Some(400), Some((33_300, "EUR")), "opted_out"),
    row("vonage", vonage_by_query, Some(400), Some((33_300, "EUR")), "opted_out"),
    row("plivo", plivo, None, Some((3_500, "USD")), "opted_out"),
    row("messagebird", messagebird, Some(400), Some((70_000, "GBP")), "not_reached"),
    row("messagebird_whatsapp", bird, Some(400), None, "bad_number"),
    row("telnyx", telnyx, Some(400), Some((5_100, "USD")), "opted_out"),
    row("sinch", sinch, Some(400), None, "bad_number"),
    row("http", gateway, Some(400), Some((12_000, "CHF")), "fraud"),
    row("aws", super::sns::aws, Some(4000), Some((8_830, "USD")), "blocked"),
];

/// The settings that they are told with; `secret` is where each finds its own.
pub(super) fn tables() -> String {
    let key = BASE64_STANDARD.encode(telnyx_key(SEED).public_key().as_ref());
    let secret = "env:TOKEN";
    let uuid = "ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318";
    let from = "from = \"+12025550199\"";
    let aws = super::sns::SNS.table();
    format!(
        r#"{aws}[sms.twilio_whatsapp]
account_sid = "{ACCOUNT_SID}"
auth_token = "{secret}"
content_sid = "{CONTENT_SID}"
{from}
[sms.twilio_voice]
account_sid = "{ACCOUNT_SID}"
auth_token = "{secret}"
{from}
[sms.vonage]
api_key = "a1b2c3d4"
api_secret = "{secret}"
signature_secret = "{secret}"
{from}
[sms.plivo]
auth_id = "MA0123456789ABCDEF01"
auth_token = "{secret}"
{from}
[sms.messagebird]
access_key = "{secret}"
signing_key = "{secret}"
{from}
[sms.messagebird_whatsapp]
access_key = "{secret}"
signing_key = "{secret}"
workspace_id = "{uuid}"
channel_id = "{uuid}"
project_id = "{uuid}"
locales = ["en"]
[sms.telnyx]
api_key = "{secret}"
public_key = "{key}"
{from}
[sms.sinch]
service_plan_id = "0123456789abcdef"
api_token = "{secret}"
webhook_secret = "{secret}"
{from}
[sms.http]
url = "http://127.0.0.1:9/send"
signing_secret = "{secret}"
receipts = true
"#
    )
}

const SEED: u8 = 7;

fn telnyx_key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")
}

fn tag(secret: &str, text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, text).as_ref().to_vec()
}

fn word<'w>(told: &Told<'_>, [queued, sent, delivered, undelivered]: [&'w str; 4]) -> &'w str {
    match told.status {
        Status::Queued => queued,
        Status::Sent => sent,
        Status::Delivered => delivered,
        Status::Undelivered => undelivered,
    }
}

/// A request, byte for byte.
fn request(method: &str, url: &str, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let url = url::Url::parse(url).expect("a URL");
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..];
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if method == "POST" {
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn twilio(told: &Told<'_>) -> Vec<u8> {
    let status = word(told, ["queued", "sent", "delivered", "undelivered"]);
    let code = (told.status == Status::Undelivered).then_some(30_007);
    signed_receipt((told.url, told.url), told.id, (status, code), told.secret)
}

/// `read` comes after `delivered`.
fn twilio_whatsapp(told: &Told<'_>) -> Vec<u8> {
    let status = word(told, ["queued", "sent", "read", "undelivered"]);
    let code = (told.status == Status::Undelivered).then_some(63_032);
    signed_receipt((told.url, told.url), told.id, (status, code), told.secret)
}

fn twilio_voice(told: &Told<'_>) -> Vec<u8> {
    let status = word(told, ["ringing", "in-progress", "completed", "no-answer"]);
    signed_call(told.url, told.id, status, told.secret)
}

fn vonage_fields(told: &Told<'_>) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("msisdn", "447400123456".to_owned()),
        ("to", "Acme & Co=1".to_owned()),
        ("network-code", "23410".to_owned()),
        ("messageId", told.id.to_owned()),
        ("price", "0.03330000".to_owned()),
        ("status", word(told, ["unknown", "buffered", "delivered", "failed"]).to_owned()),
        ("scts", "2001011400".to_owned()),
        ("err-code", word(told, ["0", "0", "0", "9"]).to_owned()),
        ("api-key", "a1b2c3d4".to_owned()),
        ("message-timestamp", "2020-01-01 12:00:00 +0000".to_owned()),
        ("timestamp", told.at.to_string()),
        ("nonce", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab".to_owned()),
    ];
    let mut sorted = fields.clone();
    sorted.sort();
    let pairs: Vec<String> = sorted
        .into_iter()
        .map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_")))
        .collect();
    let signed = pairs.concat();
    let signature = HEXLOWER.encode(&tag(told.secret, signed.as_bytes()));
    fields.push(("sig", signature.to_uppercase()));
    fields
}

fn vonage(told: &Told<'_>) -> Vec<u8> {
    let fields = vonage_fields(told).into_iter();
    let body: serde_json::Map<_, _> =
        fields.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let body = serde_json::Value::Object(body).to_string();
    request("POST", told.url, &[("Content-Type", "application/json".to_owned())], body.as_bytes())
}

fn vonage_by_query(told: &Told<'_>) -> Vec<u8> {
    let query = Serializer::new(String::new()).extend_pairs(vonage_fields(told)).finish();
    request("GET", &format!("{}?{query}", told.url), &[], b"")
}

fn plivo(told: &Told<'_>) -> Vec<u8> {
    let fields = vec![
        ("MessageUUID", told.id.to_owned()),
        ("Status", word(told, ["queued", "sent", "delivered", "undelivered"]).to_owned()),
        ("ErrorCode", word(told, ["000", "000", "000", "200"]).to_owned()),
        ("TotalAmount", "0.00350".to_owned()),
        ("Units", "1".to_owned()),
        ("From", "12025550199".to_owned()),
    ];
    let mut sorted = fields.clone();
    sorted.sort();
    let all: Vec<String> =
        sorted.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    let all = all.concat();
    let nonce = "05429567804466091622";
    let signed = format!("{}?{all}.{nonce}", told.url);
    let signature = BASE64_STANDARD.encode(tag(told.secret, signed.as_bytes()));
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
        ("X-Plivo-Signature-V3", format!("AAAA,{signature}")),
        ("X-Plivo-Signature-V3-Nonce", nonce.to_owned()),
    ];
    request("POST", told.url, &headers, body.as_bytes())
}

fn messagebird(told: &Told<'_>) -> Vec<u8> {
    let fields = [
        ("id", told.id),
        ("reference", "ours"),
        ("recipient", "447400123456"),
        ("status", word(told, ["scheduled", "sent", "delivered", "delivery_failed"])),
        (
            "statusReason",
            word(told, ["pending DLR", "pending DLR", "successfully delivered", "expired"]),
        ),
        ("price[amount]", "0.07"),
        ("price[currency]", "GBP"),
    ];
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    let url = format!("{}?{query}", told.url);
    let encoded = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "MessageBird",
        "nbf": told.at,
        "exp": told.at + 60,
        "jti": "a-token",
        "url_hash": HEXLOWER.encode(&sha256(url.as_bytes())),
    });
    let signed =
        format!("{}.{}", encoded(json!({ "alg": "HS256", "typ": "JWT" })), encoded(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(tag(told.secret, signed.as_bytes()));
    request("GET", &url, &[("MessageBird-Signature-JWT", format!("{signed}.{signature}"))], b"")
}

/// An event of Bird's webhook subscriptions.
fn bird(told: &Told<'_>) -> Vec<u8> {
    let failed = told.status == Status::Undelivered;
    let source = json!({ "name": "whatsapp", "code": "131026" });
    let body = json!({
        "service": "channels",
        "event": "whatsapp.outbound",
        "payload": {
            "id": told.id,
            "status": word(told, ["processing", "sent", "delivered", "delivery_failed"]),
            "reason": "unknown subscriber",
            "failure": failed.then(|| json!({ "code": 15_005, "source": source })),
            "direction": "outgoing",
        },
    })
    .to_string();
    let (time, digest) = (told.at.to_string(), sha256(body.as_bytes()));
    let signed = [format!("{time}\n{}\n", told.url).as_bytes(), &digest[..]].concat();
    let headers = [
        ("messagebird-signature", BASE64_STANDARD.encode(tag(told.secret, &signed))),
        ("messagebird-request-timestamp", time),
        ("Content-Type", "application/json".to_owned()),
    ];
    request("POST", told.url, &headers, body.as_bytes())
}

fn telnyx(told: &Told<'_>) -> Vec<u8> {
    let errors = match told.status {
        Status::Undelivered => json!([{ "code": "40300", "title": "Blocked due to STOP message" }]),
        _ => json!([]),
    };
    let body = json!({ "data": {
        "event_type": "message.finalized",
        "id": "b301ed3f-1490-491f-995f-6e64e69674d4",
        "payload": {
            "id": told.id,
            "to": [{
                "phone_number": "+447400123456",
                "status": word(told, ["queued", "sent", "delivered", "delivery_failed"]),
            }],
            "parts": 1,
            "cost": { "amount": "0.0051", "currency": "USD" },
            "errors": errors,
        },
        "record_type": "event",
    }})
    .to_string();
    // Another secret is another key.
    let seed = if told.secret == crate::support::twilio::AUTH_TOKEN { SEED } else { 8 };
    let signature = telnyx_key(seed).sign(format!("{}|{body}", told.at).as_bytes());
    let headers = [
        ("telnyx-timestamp", told.at.to_string()),
        ("telnyx-signature-ed25519", BASE64_STANDARD.encode(signature)),
    ];
    request("POST", told.url, &headers, body.as_bytes())
}

fn sinch(told: &Told<'_>) -> Vec<u8> {
    let body = json!({
        "type": "recipient_delivery_report_sms",
        "batch_id": told.id,
        "recipient": "447400123456",
        "code": if told.status == Status::Undelivered { 414 } else { 0 },
        "status": word(told, ["Queued", "Dispatched", "Delivered", "Failed"]),
        "at": "2026-11-30T12:00:00.000Z",
    })
    .to_string();
    let nonce = "01FJA8B4A7BM43YGWSG9GBV067";
    let signed = format!("{body}.{nonce}.{}", told.at);
    let headers = [
        ("x-sinch-webhook-signature", BASE64_STANDARD.encode(tag(told.secret, signed.as_bytes()))),
        ("x-sinch-webhook-signature-nonce", nonce.to_owned()),
        ("x-sinch-webhook-signature-timestamp", told.at.to_string()),
        ("x-sinch-webhook-signature-algorithm", "HmacSHA256".to_owned()),
    ];
    request("POST", told.url, &headers, body.as_bytes())
}

fn gateway(told: &Told<'_>) -> Vec<u8> {
    let body = json!({
        "id": told.id,
        "status": word(told, ["queued", "sent", "delivered", "undelivered"]),
        "error": (told.status == Status::Undelivered).then_some("fraud"),
        "price": 0.012,
        "currency": "CHF",
    })
    .to_string();
    let signed = format!("msg_1.{}.{body}", told.at);
    let signature = BASE64_STANDARD.encode(tag(told.secret, signed.as_bytes()));
    let headers = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", told.at.to_string()),
        ("webhook-signature", format!("v1a,AAAA v1,{signature}")),
    ];
    request("POST", told.url, &headers, body.as_bytes())
}
