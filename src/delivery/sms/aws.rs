//! `SendTextMessage` of AWS End User Messaging SMS: JSON, signed with Signature Version 4. Its error
//! codes are words. Source: docs.aws.amazon.com, "AWS End User Messaging SMS and voice v2 API
//! reference", `SendTextMessage`, `DescribeAccountAttributes`, "Common Errors" and the exceptions' reasons.
mod certificates;
mod receipt;
mod sns;

use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request};
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::Secret;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

pub use sns::SnsTopic;

const NAME: &str = "aws";

/// In characters, by the reference of `MessageBody`.
const MAX_TEXT: usize = 1600;

/// Of `TimeToLive`, in seconds.
const TTL: std::ops::RangeInclusive<u64> = 5..=259_200;

/// The name of the service in a signature.
const SERVICE: &str = "sms-voice";

/// Any reason of an exception that has no row of its own.
const ANY: &str = "";

/// Exceptions, and their reasons. The first row that fits.
const ERRORS: &[(&str, &str, Failure)] = &[
    ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Failure::OptedOut),
    // Rules of the operator against pumping.
    (
        "ConflictException",
        "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
        Failure::CountryNotServed,
    ),
    (
        "ConflictException",
        "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
        Failure::Declined,
    ),
    ("ConflictException", ANY, Failure::Misconfigured),
    ("ValidationException", "DESTINATION_COUNTRY_BLOCKED", Failure::CountryNotServed),
    ("ValidationException", "COUNTRY_NOT_ENABLED", Failure::CountryNotServed),
    ("ValidationException", "MAXIMUM_SIZE_EXCEEDED", Failure::TextRefused),
    ("ValidationException", ANY, Failure::Misconfigured),
    ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", Failure::TooMany),
    // The monthly spend limit, above all.
    ("ServiceQuotaExceededException", ANY, Failure::Misconfigured),
    ("AccessDeniedException", ANY, Failure::Misconfigured),
    ("ResourceNotFoundException", ANY, Failure::Misconfigured),
    ("ThrottlingException", ANY, Failure::Overloaded),
    ("InternalServerException", ANY, Failure::Broken),
    // Common to all services: the key, the signature, the clock.
    ("ExpiredTokenException", ANY, Failure::Misconfigured),
    ("IncompleteSignatureException", ANY, Failure::Misconfigured),
    ("InvalidSignatureException", ANY, Failure::Misconfigured),
    ("MissingAuthenticationTokenException", ANY, Failure::Misconfigured),
    ("OptInRequired", ANY, Failure::Misconfigured),
    ("RequestExpired", ANY, Failure::Misconfigured),
    ("UnknownOperationException", ANY, Failure::Misconfigured),
    ("UnrecognizedClientException", ANY, Failure::Misconfigured),
    ("InternalFailure", ANY, Failure::Broken),
    ("ServiceUnavailable", ANY, Failure::Broken),
    ("ServiceUnavailableException", ANY, Failure::Broken),
];

/// Reasons of a `ValidationException` that say nothing but which field is wrong.
const OF_A_FIELD: [&str; 3] = ["FIELD_VALIDATION_FAILED", "INVALID_PARAMETER", "CANNOT_PARSE"];

const FIELDS: &[(&str, Failure)] =
    &[("DestinationPhoneNumber", Failure::BadNumber), ("MessageBody", Failure::TextRefused)];

/// `[sms.aws]`.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of credentials that are valid for a while.
    pub session_token: Option<Secret>,
    /// A number, a sender id, a pool, or the ARN of one of them.
    pub origination_identity: String,
    pub configuration_set: Option<String>,
    /// Where the events of the configuration set are published.
    pub topic: Option<Arc<SnsTopic>>,
    pub base_url: url::Url,
}

impl AwsSettings {
    /// Where a region is called.
    pub fn url_of(region: &str) -> String {
        format!("https://sms-voice.{region}.{}", domain(region))
    }
}

/// In which the hosts of a region are.
fn domain(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fields<'a> {
    destination_phone_number: &'a str,
    origination_identity: &'a str,
    message_body: &'a str,
    message_type: &'a str,
    /// In seconds.
    time_to_live: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    message_id: String,
}

/// Its `Message` quotes what was sent, so it is not read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorBody {
    #[serde(rename = "__type")]
    kind: String,
    reason: String,
    fields: Vec<Field>,
}

/// Of `DescribeAccountAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    account_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Field {
    name: String,
}

impl HttpApi for AwsSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn sender(&self) -> Option<&str> {
        Some(&self.origination_identity)
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let fields = Fields {
            destination_phone_number: message.to.e164(),
            origination_identity: &self.origination_identity,
            message_body: message.text,
            message_type: "TRANSACTIONAL",
            time_to_live: message.valid_for.as_secs().clamp(*TTL.start(), *TTL.end()),
            configuration_set_name: self.configuration_set.as_deref(),
        };
        let body = serde_json::to_vec(&fields).map_err(|_| Failure::Misconfigured)?;
        self.called("SendTextMessage", body, call.now)
    }

    fn account_request(&self, now: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        Some(self.called("DescribeAccountAttributes", b"{}".to_vec(), now))
    }

    /// In the sandbox only numbers that were verified there are texted.
    fn read_account(&self, answer: &HttpAnswer) -> Result<(), Failure> {
        let account: Account =
            serde_json::from_slice(&answer.body).map_err(|_| Failure::Unexpected)?;
        let is_sandbox = |has: &Attribute| has.name == "ACCOUNT_TIER" && has.value == "SANDBOX";
        let sandbox = account.account_attributes.iter().any(is_sandbox);
        if sandbox { Err(Failure::Misconfigured) } else { Ok(()) }
    }

    fn account_failure(&self, answer: &HttpAnswer) -> Failure {
        match self.read(answer) {
            Err(refused) => refused.failure,
            Ok(_) => Failure::Unexpected,
        }
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.topic.is_some().then_some(self as &dyn ReceiptApi)
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if answer.status == 200 {
            let sent: Sent = serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
            return Accepted::with_id(&sent.message_id);
        }
        let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
        Err(Refused::by_code(answer.status, None, meaning(&body)))
    }
}

fn meaning(body: &ErrorBody) -> Option<Failure> {
    // `com.amazonaws.smsvoice#ConflictException`, or the name alone.
    let kind = body.kind.rsplit('#').next().unwrap_or_default();
    if kind == "ValidationException" && OF_A_FIELD.contains(&body.reason.as_str()) {
        let named = |name: &str| body.fields.iter().any(|f| f.name.eq_ignore_ascii_case(name));
        if let Some((_, failure)) = FIELDS.iter().find(|(name, _)| named(name)) {
            return Some(*failure);
        }
    }
    let fits = |(of, reason, _): &&(&str, &str, Failure)| {
        *of == kind && (*reason == ANY || *reason == body.reason)
    };
    ERRORS.iter().find(fits).map(|(.., failure)| *failure)
}

impl AwsSettings {
    /// The request for an action, signed.
    fn called(
        &self,
        action: &str,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, Failure> {
        let target = HeaderValue::from_str(&format!("PinpointSMSVoiceV2.{action}"));
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0")),
            (HeaderName::from_static("x-amz-target"), target.map_err(|_| Failure::Misconfigured)?),
        ];
        let url = http_api::below(&self.base_url, &[""])?;
        let request = http_api::request(Method::POST, &url, headers.into_iter(), body)?;
        self.signed(request, now).ok_or(Failure::Misconfigured)
    }

    /// With `Authorization`, `x-amz-date` and, for credentials that are valid for a while,
    /// `x-amz-security-token`.
    fn signed(&self, request: Request<Vec<u8>>, now: Timestamp) -> Option<Request<Vec<u8>>> {
        let token = self.session_token.as_ref().map(|token| token.reveal().to_owned());
        let (id, secret) = (self.access_key_id.as_str(), self.secret_access_key.reveal());
        let identity = Credentials::new(id, secret, token, None, NAME).into();
        let at = u64::try_from(now.as_millis()).ok()?;
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(at))
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let instructions = {
            let uri = request.uri().to_string();
            let text = |(name, value): (&'_ HeaderName, &'_ HeaderValue)| {
                Some((name.to_string(), value.to_str().ok()?.to_owned()))
            };
            let headers: Option<Vec<_>> = request.headers().iter().map(text).collect();
            let headers = headers?;
            let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let body = SignableBody::Bytes(request.body());
            let signable = SignableRequest::new("POST", uri, headers, body).ok()?;
            sign(signable, &params).ok()?.into_parts().0
        };
        let mut request = request;
        instructions.apply_to_request_http1x(&mut request);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> AwsSettings {
        AwsSettings {
            region: "us-east-1".to_owned(),
            access_key_id: "AKIA1".to_owned(),
            secret_access_key: Secret::new("secret"),
            session_token: None,
            origination_identity: "pool-1".to_owned(),
            configuration_set: None,
            topic: None,
            base_url: AwsSettings::url_of("us-east-1").parse().unwrap(),
        }
    }

    fn answer(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer { status, retry_after: None, date: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn an_account_in_the_sandbox_or_without_permission_is_not_set_up() {
        let aws = settings();
        let tier = |tier: &str| {
            format!(r#"{{"AccountAttributes":[{{"Name":"ACCOUNT_TIER","Value":"{tier}"}}]}}"#)
        };
        assert_eq!(aws.read_account(&answer(200, &tier("PRODUCTION"))), Ok(()));
        let sandbox = aws.read_account(&answer(200, &tier("SANDBOX")));
        assert_eq!(sandbox, Err(Failure::Misconfigured));
        assert_eq!(aws.read_account(&answer(200, "<html>")), Err(Failure::Unexpected));
        for (status, kind, failure) in [
            (400, "AccessDeniedException", Failure::Misconfigured),
            (400, "UnrecognizedClientException", Failure::Misconfigured),
            (400, "ThrottlingException", Failure::Overloaded),
            (500, "InternalServerException", Failure::Broken),
        ] {
            let refused = answer(status, &format!(r#"{{"__type":"a#{kind}"}}"#));
            assert_eq!(aws.account_failure(&refused), failure, "{kind}");
        }
    }
}
