use super::super::super::reader::Reader;
use super::SmsContext;
use super::address::base_url;
use super::sender::number;
use super::twilio::{account, sid};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::twilio_voice::TwilioVoiceSettings;
use crate::delivery::sms::twilio_whatsapp::TwilioWhatsAppSettings;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    let account = account(reader, "sms.twilio_voice");
    let from = reader.one("sms.twilio_voice.from", number);
    let base_url = reader.one("sms.twilio_voice.base_url", |text| {
        base_url(text, "https://api.twilio.com", context.allowed)
    });
    let (account_sid, credentials, signing_token) = account?;
    let (from, base_url) = (from?, base_url?);
    let settings = TwilioVoiceSettings { account_sid, credentials, signing_token, from, base_url };
    Some(ProviderSettings::TwilioVoice(settings))
}

/// `[sms.twilio_whatsapp]`.
pub(super) fn read_whatsapp(
    reader: &mut Reader<'_>,
    context: &SmsContext<'_>,
) -> Option<ProviderSettings> {
    let account = account(reader, "sms.twilio_whatsapp");
    let from = reader.one("sms.twilio_whatsapp.from", number);
    let content_sid = reader.one("sms.twilio_whatsapp.content_sid", |text| sid("HX", text));
    let base_url = reader.one("sms.twilio_whatsapp.base_url", |text| {
        base_url(text, "https://api.twilio.com", context.allowed)
    });
    let (account_sid, credentials, signing_token) = account?;
    let (from, content_sid, base_url) = (from?, content_sid?, base_url?);
    let settings = TwilioWhatsAppSettings {
        account_sid,
        credentials,
        signing_token,
        from,
        content_sid,
        base_url,
    };
    Some(ProviderSettings::TwilioWhatsApp(settings))
}
