use super::super::super::reader::Reader;
use super::super::super::values::shown;
use super::address::base_url;
use super::{SmsContext, optional_secret, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::messagebird_whatsapp::MessageBirdWhatsAppSettings;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    let key = |name: &str| format!("sms.messagebird_whatsapp.{name}");
    reader.require("sms.messagebird_whatsapp");
    let access_key = secret(reader, &key("access_key"));
    let signing_key = optional_secret(reader, &key("signing_key"));
    let workspace_id = reader.one(&key("workspace_id"), uuid);
    let channel_id = reader.one(&key("channel_id"), uuid);
    let project_id = reader.one(&key("project_id"), uuid);
    let version = reader.one(&key("version"), version);
    let locales = reader.all(&key("locales"), locale);
    let variables = reader.all(&key("variables"), variable);
    let base_url = reader
        .one(&key("base_url"), |text| base_url(text, "https://api.bird.com", context.allowed));
    Some(ProviderSettings::MessageBirdWhatsApp(MessageBirdWhatsAppSettings {
        access_key: access_key?,
        signing_key: signing_key?,
        workspace_id: workspace_id?,
        channel_id: channel_id?,
        project_id: project_id?,
        version: version?,
        locales: locales?,
        variables: variables?,
        base_url: base_url?,
    }))
}

/// Not quoted: it may be a key in the wrong place.
fn uuid(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let good = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    let wrong = || "is not a UUID such as ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318".to_owned();
    good.then(|| text.to_owned()).ok_or_else(wrong)
}

fn version(text: &str) -> Result<String, String> {
    if text == "latest" {
        return Ok(text.to_owned());
    }
    uuid(text).map_err(|_| "is neither `latest` nor the UUID of a version".to_owned())
}

/// As much of BCP 47 as templates have: the code of a language (ISO 639), and a script or country.
fn locale(text: &str) -> Result<String, String> {
    let mut subtags = text.split('-');
    let is_code =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let good = text.len() <= 20 && subtags.next().is_some_and(is_code) && subtags.all(is_subtag);
    let wrong = || format!("{} is not a locale such as `en` or `pt-BR`", shown(text));
    good.then(|| text.to_owned()).ok_or_else(wrong)
}

fn variable(text: &str) -> Result<String, String> {
    let good = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let wrong = || format!("{} is not the name of a variable", shown(text));
    good.then(|| text.to_owned()).ok_or_else(wrong)
}
