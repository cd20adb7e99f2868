use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::Method;
use axum::http::request::Parts;
use data_encoding::HEXLOWER;
use doorcode::delivery::Failure::{
    self, BadNumber, Broken, CountryNotServed, Declined, Misconfigured, OptedOut, Overloaded,
    TextRefused, TooMany, Unexpected,
};
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::aws::AwsSettings;
use doorcode::domain::{Secret, sha256};
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, e164, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const REGION: &str = "eu-west-1";
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "AQoEXAMPLEH4aoAH0gNCAPy//session==";
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
const DOCUMENTED: [&str; 13] = [
    "ConfigurationSetName",
    "Context",
    "DestinationCountryParameters",
    "DestinationPhoneNumber",
    "DryRun",
    "Keyword",
    "MaxPrice",
    "MessageBody",
    "MessageFeedbackEnabled",
    "MessageType",
    "OriginationIdentity",
    "ProtectConfigurationId",
    "TimeToLive",
];

/// Exceptions with a reason.
const REASONS: [(&str, &str, Failure); 16] = [
    ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", OptedOut),
    ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", CountryNotServed),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", Declined),
    ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Misconfigured),
    ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", Misconfigured),
    ("ConflictException", "NUMBER_CAPABILITIES_MISMATCH", Misconfigured),
    ("ConflictException", "RESOURCE_NOT_ACTIVE", Misconfigured),
    ("ValidationException", "DESTINATION_COUNTRY_BLOCKED", CountryNotServed),
    ("ValidationException", "COUNTRY_NOT_ENABLED", CountryNotServed),
    ("ValidationException", "MAXIMUM_SIZE_EXCEEDED", TextRefused),
    ("ValidationException", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", Misconfigured),
    ("ValidationException", "SENDER_ID_NOT_SUPPORTED", Misconfigured),
    ("ValidationException", "PRICE_OVER_THRESHOLD", Misconfigured),
    ("ValidationException", "MISSING_PARAMETER", Misconfigured),
    ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", Misconfigured),
    ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", TooMany),
];

/// Fields that are not valid.
const FIELDS: [(&str, Failure); 3] = [
    ("destinationPhoneNumber", BadNumber),
    ("MessageBody", TextRefused),
    ("OriginationIdentity", Misconfigured),
];

const OTHERS: [(u16, &str, Failure); 10] = [
    (400, "AccessDeniedException", Misconfigured),
    (400, "ResourceNotFoundException", Misconfigured),
    (400, "ThrottlingException", Overloaded),
    (500, "InternalServerException", Broken),
    (400, "UnrecognizedClientException", Misconfigured),
    (400, "ExpiredTokenException", Misconfigured),
    (400, "InvalidSignatureException", Misconfigured),
    (403, "OptInRequired", Misconfigured),
    (503, "ServiceUnavailable", Broken),
    (400, "SomethingNewException", Unexpected),
];

pub(super) struct Aws;

/// `kind` is an exception, and `more` what it has beside a message.
fn refused(status: u16, kind: &str, more: &Value) -> Reply {
    let mut body = more.clone();
    body["__type"] = json!(format!("com.amazonaws.smsvoice#{kind}"));
    body["Message"] = json!("Refused: QUOTED");
    Reply::json(status, &body)
}

fn reason(word: &str) -> Value {
    json!({ "Reason": word })
}

/// "Create a signed AWS API request", from the request as it arrived.
fn signature(head: &Parts, body: &[u8], date: &str) -> String {
    let mac = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
    };
    let header = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let line = |name: &str| [name, ":", header(name).trim(), "\n"].concat();
    let lines: String = SIGNED.split(';').map(line).collect();
    let payload = HEXLOWER.encode(&sha256(body));
    let canonical = format!("POST\n{}\n\n{lines}\n{SIGNED}\n{payload}", head.uri.path());
    let scope = format!("{}/{REGION}/sms-voice/aws4_request", &date[..8]);
    let hash = HEXLOWER.encode(&sha256(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in [&date[..8], REGION, "sms-voice", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = HEXLOWER.encode(&mac(&key, &to_sign));
    format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={SIGNED}, Signature={signature}"
    )
}

/// The moment of `x-amz-date`, which is not more than five minutes off.
fn date(head: &Parts) -> Option<String> {
    let date = head.headers.get("x-amz-date")?.to_str().ok()?;
    let time = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", date).ok()?.to_datetime().ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    let off = jiff::Timestamp::now().duration_since(time).unsigned_abs();
    (off < Duration::from_mins(5)).then(|| date.to_owned())
}

/// The exception, beside a status of 400.
fn check(head: &Parts, body: &[u8]) -> Result<Text, &'static str> {
    let rules = Rules {
        method: Method::POST,
        path: "/",
        authorization: None,
        content_type: "application/x-amz-json-1.0",
    };
    rules.check(head).map_err(|_| "UnknownOperationException")?;
    let has = |name: &str, value: &str| head.headers.get(name).is_some_and(|v| v == value);
    let target = has("x-amz-target", "PinpointSMSVoiceV2.SendTextMessage");
    target.then_some(()).ok_or("UnknownOperationException")?;
    let date = date(head).ok_or("InvalidSignatureException")?;
    has("x-amz-security-token", TOKEN).then_some(()).ok_or("UnrecognizedClientException")?;
    let expected = signature(head, body, &date);
    has("authorization", &expected).then_some(()).ok_or("InvalidSignatureException")?;
    message(body).map_err(|_| "ValidationException")
}

fn message(body: &[u8]) -> Result<Text, u16> {
    let fields = object(body, &DOCUMENTED)?;
    or(text(&fields, "MessageType")? == "TRANSACTIONAL", 400)?;
    or(text(&fields, "ConfigurationSetName")? == "texts", 400)?;
    let validity = fields.get("TimeToLive").and_then(Value::as_u64).ok_or(400_u16)?;
    or((5..=259_200).contains(&validity), 400)?;
    Ok(Text {
        to: e164(text(&fields, "DestinationPhoneNumber")?)?,
        sender: text(&fields, "OriginationIdentity")?,
        body: text(&fields, "MessageBody")?,
        validity: u32::try_from(validity).ok(),
    })
}

/// Which action a request is for.
fn target(head: &Parts) -> &str {
    head.headers.get("x-amz-target").and_then(|name| name.to_str().ok()).unwrap_or_default()
}

impl Vendor for Aws {
    fn is_account(&self, head: &Parts) -> bool {
        target(head) == "PinpointSMSVoiceV2.DescribeAccountAttributes"
    }

    fn knows(&self, head: &Parts) -> bool {
        let expected = date(head).map(|date| signature(head, b"{}", &date));
        head.headers.get("authorization").and_then(|given| given.to_str().ok())
            == expected.as_deref()
    }

    fn account(&self) -> Value {
        json!({ "AccountAttributes": [{ "Name": "ACCOUNT_TIER", "Value": "PRODUCTION" }] })
    }

    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(|kind| refused(400, kind, &reason("INVALID_PARAMETER")))
    }

    fn accepted(&self, _: &Text) -> Reply {
        Reply::json(200, &json!({ "MessageId": "f1b2c3d4-58b6-11e1-86da-77300b68f8bb" }))
    }

    fn slow_down(&self) -> Reply {
        refused(429, "ThrottlingException", &json!({}))
    }
}

impl Contract for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::Aws(AwsSettings {
            region: REGION.to_owned(),
            access_key_id: KEY_ID.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: Some(Secret::new(TOKEN)),
            origination_identity: SENDER.to_owned(),
            configuration_set: Some("texts".to_owned()),
            topic: None,
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        SECRET
    }

    fn refusals(&self) -> Vec<Refusal> {
        let answer = |status, kind, more: Value, failure| Refusal {
            reply: refused(status, kind, &more),
            failure,
            code: None,
        };
        let reasons =
            REASONS.iter().map(|(kind, word, failure)| answer(400, *kind, reason(word), *failure));
        let fields = FIELDS.iter().map(|(name, failure)| {
            let field = json!({ "Name": name, "Message": "Refused: QUOTED" });
            let more = json!({ "Reason": "FIELD_VALIDATION_FAILED", "Fields": [field] });
            answer(400, "ValidationException", more, *failure)
        });
        let others = OTHERS
            .iter()
            .map(|(status, kind, failure)| answer(*status, *kind, json!({}), *failure));
        reasons.chain(fields).chain(others).collect()
    }

    fn success(&self) -> u16 {
        200
    }

    fn longest(&self) -> usize {
        1600
    }
}
