use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, optional_secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::twilio::{TwilioCredentials, TwilioSender, TwilioSettings};
use crate::domain::Secret;

const TABLE: &str = "sms.twilio";
const TOKEN: &str = "sms.twilio.auth_token";
const SERVICE: &str = "sms.twilio.messaging_service_sid";
const FROM: &str = "sms.twilio.from";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require(TABLE);
    let account_sid = reader.one("sms.twilio.account_sid", |text| sid("AC", text));
    let token = optional_secret(reader, TOKEN);
    let credentials = credentials(reader, TABLE, token.as_ref());
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

/// `auth_token`, or `api_key` with `api_key_secret`, of the table. `token`: the first; `None` if a mistake
/// was noted.
pub(super) fn credentials(
    reader: &mut Reader<'_>,
    table: &str,
    token: Option<&Option<Secret>>,
) -> Option<TwilioCredentials> {
    let keys = ["auth_token", "api_key", "api_key_secret"].map(|name| format!("{table}.{name}"));
    let [auth_token, api_key, api_key_secret] = &keys;
    let wrong = match [auth_token, api_key, api_key_secret].map(|key| reader.has(key)) {
        [true, false, false] => {
            return token?.clone().map(TwilioCredentials::AuthToken);
        }
        // The token then checks receipts.
        [_, true, true] => {
            let sid = reader.one(api_key, |text| sid("SK", text));
            let secret = reader.secrets(api_key_secret).and_then(|mut all| all.pop());
            return Some(TwilioCredentials::ApiKey { sid: sid?, secret: secret? });
        }
        [_, true, false] => (api_key.as_str(), "needs api_key_secret beside it"),
        [_, false, true] => (api_key_secret.as_str(), "needs api_key beside it"),
        [false, false, false] => (table, "needs either auth_token, or api_key and api_key_secret"),
    };
    reader.note(wrong.0, wrong.1);
    None
}

/// An account: its id, how its requests are authenticated, and its token if that is known.
pub(super) type TwilioAccount = (String, TwilioCredentials, Option<Secret>);

/// The account of a table whose receipts are checked by `auth_token`, also beside an API key.
pub(super) fn account(reader: &mut Reader<'_>, table: &str) -> Option<TwilioAccount> {
    reader.require(table);
    let account_sid = reader.one(&format!("{table}.account_sid"), |text| sid("AC", text));
    let token = optional_secret(reader, &format!("{table}.auth_token"));
    let credentials = credentials(reader, table, token.as_ref());
    Some((account_sid?, credentials?, token?))
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

pub(super) fn sid(kind: &str, text: &str) -> Result<String, String> {
    let hex = text.strip_prefix(kind).unwrap_or_default();
    let good = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    // Not quoted: it may be the account's token, which looks similar.
    good.then(|| text.to_owned()).ok_or_else(|| format!("is not {kind} and 32 hexadecimal digits"))
}
