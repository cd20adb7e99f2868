use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, optional_secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::twilio::{TwilioCredentials, TwilioSender, TwilioSettings};
use crate::domain::Secret;

const TABLE: &str = "sms.twilio";
const TOKEN: &str = "sms.twilio.auth_token";
const API_KEY: &str = "sms.twilio.api_key";
const API_KEY_SECRET: &str = "sms.twilio.api_key_secret";
const SERVICE: &str = "sms.twilio.messaging_service_sid";
const FROM: &str = "sms.twilio.from";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require(TABLE);
    let account_sid = reader.one("sms.twilio.account_sid", |text| sid("AC", text));
    let token = optional_secret(reader, TOKEN);
    let credentials = credentials(reader, token.as_ref());
    let sender = who(reader);
    let base_url = reader.one("sms.twilio.base_url", |text| {
        base_url(text, "https://api.twilio.com", context.allowed)
    });
    Some(ProviderSettings::Twilio(TwilioSettings {
        account_sid: account_sid?,
        credentials: credentials?,
        signing_token: token?,
        sender: sender?,
        base_url: base_url?,
    }))
}

/// `token`: the auth token; `None` if a mistake was noted.
fn credentials(
    reader: &mut Reader<'_>,
    token: Option<&Option<Secret>>,
) -> Option<TwilioCredentials> {
    let wrong = match [TOKEN, API_KEY, API_KEY_SECRET].map(|key| reader.has(key)) {
        [true, false, false] => {
            return token?.clone().map(TwilioCredentials::AuthToken);
        }
        // The token then checks receipts.
        [_, true, true] => {
            let sid = reader.one(API_KEY, |text| sid("SK", text));
            let secret = reader.secrets(API_KEY_SECRET).and_then(|mut all| all.pop());
            return Some(TwilioCredentials::ApiKey { sid: sid?, secret: secret? });
        }
        [_, true, false] => (API_KEY, "needs api_key_secret beside it"),
        [_, false, true] => (API_KEY_SECRET, "needs api_key beside it"),
        [false, false, false] => (TABLE, "needs either auth_token, or api_key and api_key_secret"),
    };
    reader.note(wrong.0, wrong.1);
    None
}

fn who(reader: &mut Reader<'_>) -> Option<TwilioSender> {
    let wrong = match (reader.has(SERVICE), reader.has(FROM)) {
        (true, false) => {
            let sid = reader.one(SERVICE, |text| sid("MG", text));
            return sid.map(TwilioSender::MessagingService);
        }
        (false, true) => return reader.one(FROM, sender).map(TwilioSender::From),
        (true, true) => (FROM, "conflicts with messaging_service_sid; keep one of the two"),
        (false, false) => (TABLE, "needs either messaging_service_sid or from"),
    };
    reader.note(wrong.0, wrong.1);
    None
}

fn sid(kind: &str, text: &str) -> Result<String, String> {
    let hex = text.strip_prefix(kind).unwrap_or_default();
    let good = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    // Not quoted: it may be the account's token, which looks similar.
    good.then(|| text.to_owned()).ok_or_else(|| format!("is not {kind} and 32 hexadecimal digits"))
}
