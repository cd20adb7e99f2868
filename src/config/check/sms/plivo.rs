use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::plivo::{PlivoSender, PlivoSettings};

const FROM: &str = "sms.plivo.from";
const POWERPACK: &str = "sms.plivo.powerpack_uuid";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.plivo");
    let auth_id = reader.one("sms.plivo.auth_id", plain);
    let auth_token = secret(reader, "sms.plivo.auth_token");
    let sender = who(reader);
    let base_url = reader
        .one("sms.plivo.base_url", |text| base_url(text, "https://api.plivo.com", context.allowed));
    Some(ProviderSettings::Plivo(PlivoSettings {
        auth_id: auth_id?,
        auth_token: auth_token?,
        sender: sender?,
        base_url: base_url?,
    }))
}

fn who(reader: &mut Reader<'_>) -> Option<PlivoSender> {
    let wrong = match (reader.has(POWERPACK), reader.has(FROM)) {
        (true, false) => return reader.one(POWERPACK, plain).map(PlivoSender::Powerpack),
        (false, true) => return reader.one(FROM, sender).map(PlivoSender::From),
        (true, true) => (FROM, "conflicts with powerpack_uuid; keep one of the two"),
        (false, false) => ("sms.plivo", "needs either from or powerpack_uuid"),
    };
    reader.note(wrong.0, wrong.1);
    None
}
