use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{ACCOUNT_SID, AUTH_TOKEN, NUMBER};

/// A status callback of Twilio's to a URL, byte for byte.
pub(crate) fn receipt(url: &str, sid: &str, status: &str, code: Option<u32>) -> Vec<u8> {
    signed_receipt((url, url), sid, (status, code), AUTH_TOKEN)
}

/// The same, signed for another URL than it goes to, or with another token.
pub(crate) fn signed_receipt(
    (to, signed_for): (&str, &str),
    sid: &str,
    (status, code): (&str, Option<u32>),
    token: &str,
) -> Vec<u8> {
    let mut fields = vec![
        ("SmsSid", sid.to_owned()),
        ("SmsStatus", status.to_owned()),
        ("MessageStatus", status.to_owned()),
        ("To", "+447400123456".to_owned()),
        ("MessageSid", sid.to_owned()),
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("From", NUMBER.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    fields.extend(code.map(|code| ("ErrorCode", code.to_string())));
    signed((to, signed_for), fields, token)
}

/// A status callback of a call.
pub(crate) fn signed_call(url: &str, sid: &str, status: &str, token: &str) -> Vec<u8> {
    let fields = vec![
        ("CallSid", sid.to_owned()),
        ("CallStatus", status.to_owned()),
        ("CallDuration", "14".to_owned()),
        ("Direction", "outbound-api".to_owned()),
        ("To", "+447400123456".to_owned()),
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("From", NUMBER.to_owned()),
        ("CallbackSource", "call-progress-events".to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    signed((url, url), fields, token)
}

fn signed(
    (to, signed_for): (&str, &str),
    fields: Vec<(&'static str, String)>,
    token: &str,
) -> Vec<u8> {
    let mut sorted = fields.clone();
    sorted.sort();
    let signed: String = std::iter::once(signed_for.to_owned())
        .chain(sorted.into_iter().map(|(name, value)| format!("{name}{value}")))
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let signature = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let url = url::Url::parse(to).expect("a URL");
    let (host, path) = (&url[url::Position::BeforeHost..url::Position::AfterPort], url.path());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n\
         Content-Length: {}\r\nX-Twilio-Signature: {signature}\r\nAccept: */*\r\n\r\n{body}",
        body.len()
    );
    head.into_bytes()
}
