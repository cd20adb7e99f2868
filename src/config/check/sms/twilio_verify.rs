use super::super::super::reader::Reader;
use super::address::base_url;
use super::twilio::{credentials, sid};
use super::{SmsContext, optional_secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::twilio_verify::TwilioVerifySettings;
use crate::domain::CodeLength;

const TABLE: &str = "sms.twilio_verify";
const TOKEN: &str = "sms.twilio_verify.auth_token";
const API_KEY: &str = "sms.twilio_verify.api_key";
const TEMPLATE: &str = "sms.twilio_verify.template_sid";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require(TABLE);
    if reader.flag("login.sign_up") == Some(false) {
        reader.note(
            TABLE,
            "needs login.sign_up = true: else the time that a check takes would show who is a user",
        );
    }
    let account_sid = reader.one("sms.twilio_verify.account_sid", |text| sid("AC", text));
    if reader.has(TOKEN) && reader.has(API_KEY) {
        reader.note(API_KEY, "conflicts with auth_token; keep one of the two");
    }
    let token = optional_secret(reader, TOKEN);
    let credentials = credentials(reader, TABLE, token.as_ref());
    let service_sid = reader.one("sms.twilio_verify.service_sid", |text| sid("VA", text));
    let has_template = reader.has(TEMPLATE);
    let template_sid = reader.one(TEMPLATE, |text| sid("HJ", text));
    let base_url = reader.one("sms.twilio_verify.base_url", |text| {
        base_url(text, "https://verify.twilio.com", context.allowed)
    });
    // What is wrong with it is told where it is read for the login.
    let digits = reader.integer("login.code_digits")?;
    let code_length = u8::try_from(digits).ok().and_then(|digits| CodeLength::new(digits).ok());
    let settings = TwilioVerifySettings {
        account_sid: account_sid?,
        credentials: credentials?,
        service_sid: service_sid?,
        template_sid,
        code_length: code_length?,
        base_url: base_url?,
    };
    let whole = has_template == settings.template_sid.is_some();
    whole.then_some(ProviderSettings::TwilioVerify(settings))
}
