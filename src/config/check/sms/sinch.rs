use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, optional_secret, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::sinch::SinchSettings;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.sinch");
    let service_plan_id = reader.one("sms.sinch.service_plan_id", plain);
    let api_token = secret(reader, "sms.sinch.api_token");
    let webhook_secret = optional_secret(reader, "sms.sinch.webhook_secret");
    let from = reader.one("sms.sinch.from", sender);
    let base_url = reader.one("sms.sinch.base_url", |text| {
        base_url(text, "https://eu.sms.api.sinch.com", context.allowed)
    });
    Some(ProviderSettings::Sinch(SinchSettings {
        service_plan_id: service_plan_id?,
        api_token: api_token?,
        webhook_secret: webhook_secret?,
        from: from?,
        base_url: base_url?,
    }))
}
