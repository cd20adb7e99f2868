use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::super::reader::Reader;
use super::address::base_url;
use super::sender::sender;
use super::{SmsContext, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::telnyx::{TelnyxSender, TelnyxSettings};

const PUBLIC_KEY: &str = "sms.telnyx.public_key";
const FROM: &str = "sms.telnyx.from";
const PROFILE: &str = "sms.telnyx.messaging_profile_id";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.telnyx");
    let api_key = secret(reader, "sms.telnyx.api_key");
    let given = reader.has(PUBLIC_KEY);
    let public_key = if given { reader.one(PUBLIC_KEY, ed25519).map(Some) } else { Some(None) };
    let sender = who(reader);
    let base_url = reader.one("sms.telnyx.base_url", |text| {
        base_url(text, "https://api.telnyx.com", context.allowed)
    });
    Some(ProviderSettings::Telnyx(TelnyxSettings {
        api_key: api_key?,
        public_key: public_key?,
        sender: sender?,
        base_url: base_url?,
    }))
}

fn ed25519(text: &str) -> Result<[u8; 32], String> {
    let bytes = BASE64_STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "is not a public key of 32 bytes in Base64".to_owned())
}

fn who(reader: &mut Reader<'_>) -> Option<TelnyxSender> {
    let (has_from, has_profile) = (reader.has(FROM), reader.has(PROFILE));
    let from = reader.one(FROM, sender);
    let profile = reader.one(PROFILE, plain);
    if !has_from && !has_profile {
        reader.note("sms.telnyx", "needs from, messaging_profile_id, or both");
        return None;
    }
    let is_name = |from: &String| from.contains(|c: char| c.is_ascii_alphabetic());
    if from.as_ref().is_some_and(is_name) && !has_profile {
        reader.note(FROM, "is a name, which needs messaging_profile_id beside it");
        return None;
    }
    let good = (!has_from || from.is_some()) && (!has_profile || profile.is_some());
    good.then_some(TelnyxSender { from, messaging_profile_id: profile })
}
