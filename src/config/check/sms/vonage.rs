use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, optional_secret, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::vonage::VonageSettings;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.vonage");
    let api_key = reader.one("sms.vonage.api_key", plain);
    let api_secret = secret(reader, "sms.vonage.api_secret");
    let signature_secret = optional_secret(reader, "sms.vonage.signature_secret");
    let from = reader.one("sms.vonage.from", sender);
    let base_url = reader.one("sms.vonage.base_url", |text| {
        base_url(text, "https://rest.nexmo.com", context.allowed)
    });
    Some(ProviderSettings::Vonage(VonageSettings {
        api_key: api_key?,
        api_secret: api_secret?,
        signature_secret: signature_secret?,
        from: from?,
        base_url: base_url?,
    }))
}
