use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, optional_secret, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::messagebird::MessageBirdSettings;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.messagebird");
    let access_key = secret(reader, "sms.messagebird.access_key");
    let signing_key = optional_secret(reader, "sms.messagebird.signing_key");
    let from = reader.one("sms.messagebird.from", sender);
    let base_url = reader.one("sms.messagebird.base_url", |text| {
        base_url(text, "https://rest.messagebird.com", context.allowed)
    });
    Some(ProviderSettings::MessageBird(MessageBirdSettings {
        access_key: access_key?,
        signing_key: signing_key?,
        from: from?,
        base_url: base_url?,
    }))
}
