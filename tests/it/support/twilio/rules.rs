use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{Method, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{ACCOUNT_SID, API_KEY, API_KEY_SECRET, AUTH_TOKEN, Text};

/// Every parameter that Twilio documents for making a message.
const DOCUMENTED: [&str; 24] = [
    "AddressRetention",
    "ApplicationSid",
    "Attempt",
    "Body",
    "ContentRetention",
    "ContentSid",
    "ContentVariables",
    "ForceDelivery",
    "From",
    "MaxPrice",
    "MediaUrl",
    "MessagingServiceSid",
    "PersistentAction",
    "ProvideFeedback",
    "RiskCheck",
    "ScheduleType",
    "SendAsMms",
    "SendAt",
    "ShortenUrls",
    "SmartEncoded",
    "StatusCallback",
    "To",
    "TrafficType",
    "ValidityPeriod",
];

/// Codes that do not come with 400.
const STATUSES: [(u32, u16); 10] = [
    (20003, 401),
    (20004, 405),
    (20404, 404),
    (20429, 429),
    (30002, 403),
    (60202, 429),
    (60203, 429),
    (60212, 429),
    (60410, 403),
    (60412, 403),
];

pub(super) fn status_of(code: u32) -> u16 {
    STATUSES.iter().find(|(known, _)| *known == code).map_or(400, |(_, status)| *status)
}

type Form = BTreeMap<String, String>;

/// Whether a request has the credentials of the account, or of a key of it.
pub(super) fn knows(head: &Parts) -> bool {
    let basic =
        |user, password| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    let known = [basic(ACCOUNT_SID, AUTH_TOKEN), basic(API_KEY, API_KEY_SECRET)];
    let given = head.headers.get(header::AUTHORIZATION);
    given.is_some_and(|given| known.iter().any(|known| given.as_bytes() == known.as_bytes()))
}

/// The message that a request asks for, or the code it is refused with.
pub(super) fn check(head: &Parts, body: &[u8]) -> Result<Text, u32> {
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json");
    let has = |name, value: &str| {
        head.headers.get(name).is_some_and(|v| v.as_bytes() == value.as_bytes())
    };
    or(knows(head), 20003)?;
    or(head.uri.path() == path && head.uri.query().is_none(), 20404)?;
    or(head.method == Method::POST, 20004)?;
    or(has(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), 20001)?;
    message(&form(body)?)
}

/// Unknown and repeated parameters are refused. (Twilio passes over unknown ones; here they are
/// a misspelling that a test should find.)
fn form(body: &[u8]) -> Result<Form, u32> {
    let mut form = Form::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        or(DOCUMENTED.contains(&&*name), 20001)?;
        or(form.insert(name.into_owned(), value.into_owned()).is_none(), 20001)?;
    }
    Ok(form)
}

fn message(form: &Form) -> Result<Text, u32> {
    let field = |name: &str| form.get(name).cloned();
    let to = field("To").ok_or(21604_u32)?;
    or(is_e164(&to), 21211)?;
    let body = field("Body").filter(|body| !body.is_empty()).ok_or(21602_u32)?;
    or(body.chars().count() <= 1600, 21617)?;
    let sender = match (field("From"), field("MessagingServiceSid")) {
        (Some(from), None) => or(is_sender(&from), 21212).map(|()| from)?,
        (None, Some(sid)) => or(is_service_sid(&sid), 21705).map(|()| sid)?,
        _ => return Err(21603),
    };
    let validity = field("ValidityPeriod").map(|text| seconds(&text)).transpose()?;
    Ok(Text { to, sender, body, validity })
}

fn or(good: bool, code: u32) -> Result<(), u32> {
    good.then_some(()).ok_or(code)
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && is_digits(digits)
}

/// A number, a short code, or a name of at most 11 characters with a letter in it.
fn is_sender(text: &str) -> bool {
    let name = |b: u8| b.is_ascii_alphanumeric() || b" +-_&".contains(&b);
    let alphanumeric = (1..=11).contains(&text.len())
        && text.bytes().all(name)
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    is_e164(text) || ((5..=6).contains(&text.len()) && is_digits(text)) || alphanumeric
}

fn is_service_sid(text: &str) -> bool {
    let hex = text.strip_prefix("MG").unwrap_or_default();
    hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn seconds(text: &str) -> Result<u32, u32> {
    let seconds = text.parse().ok().filter(|_| is_digits(text));
    seconds.filter(|seconds| (1..=36_000).contains(seconds)).ok_or(21624)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}
