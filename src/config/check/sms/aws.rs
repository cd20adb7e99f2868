use super::super::super::reader::Reader;
use super::super::super::values::shown;
use super::address::base_url;
use super::{SmsContext, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::aws::AwsSettings;

const BASE_URL: &str = "sms.aws.base_url";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.aws");
    let region = reader.one("sms.aws.region", region);
    let access_key_id = reader.one("sms.aws.access_key_id", plain);
    let secret_access_key = secret(reader, "sms.aws.secret_access_key");
    let temporary = reader.has("sms.aws.session_token");
    let session_token = secret(reader, "sms.aws.session_token");
    let origination_identity = reader.one("sms.aws.origination_identity", identity);
    let named = reader.has("sms.aws.configuration_set");
    let configuration_set = reader.one("sms.aws.configuration_set", identity);
    let url =
        |text: &str| base_url(text, "https://sms-voice.us-east-1.amazonaws.com", context.allowed);
    let base_url = match (reader.has(BASE_URL), &region) {
        (true, _) => reader.one(BASE_URL, url),
        (false, Some(region)) => url(&AwsSettings::url_of(region)).ok(),
        (false, None) => None,
    };
    let whole = temporary == session_token.is_some() && named == configuration_set.is_some();
    Some(ProviderSettings::Aws(AwsSettings {
        region: region?,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
        session_token,
        origination_identity: origination_identity?,
        configuration_set,
        base_url: base_url?,
    }))
    .filter(|_| whole)
}

/// Part of a host, and of every signature.
fn region(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (3..=30).contains(&text.len()) && text.contains('-') && text.bytes().all(plain);
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not a region such as us-east-1", shown(text)))
}

/// By the pattern of `OriginationIdentity` and `ConfigurationSetName`.
fn identity(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_:/+-".contains(&b);
    let good = (1..=256).contains(&text.len()) && text.bytes().all(plain);
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not an id, number or ARN of AWS", shown(text)))
}
