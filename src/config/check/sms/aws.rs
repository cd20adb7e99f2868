use std::sync::Arc;

use super::super::super::reader::Reader;
use super::super::super::values::shown;
use super::address::base_url;
use super::{SmsContext, plain, secret};
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::aws::{AwsSettings, SnsTopic};
use crate::outbound::{AddressRule, HttpClient, HttpTimeouts};

const BASE_URL: &str = "sms.aws.base_url";
const SNS_URL: &str = "sms.aws.sns_url";
const TOPIC: &str = "sms.aws.topic";
const CONFIGURATION_SET: &str = "sms.aws.configuration_set";

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.aws");
    let region = reader.one("sms.aws.region", region);
    let near = region.as_deref();
    let access_key_id = reader.one("sms.aws.access_key_id", plain);
    let secret_access_key = secret(reader, "sms.aws.secret_access_key");
    let temporary = reader.has("sms.aws.session_token");
    let session_token = secret(reader, "sms.aws.session_token");
    let origination_identity =
        reader.one("sms.aws.origination_identity", |text| identity(text, "sms-voice", near));
    let named = reader.has(CONFIGURATION_SET);
    let configuration_set = reader.one(CONFIGURATION_SET, |text| identity(text, "sms-voice", near));
    let url = endpoint(reader, context, (BASE_URL, near, AwsSettings::url_of));
    let (has_topic, topic) = (reader.has(TOPIC), topic(reader, context, near));
    if has_topic && !named {
        reader
            .note(TOPIC, format!("needs {CONFIGURATION_SET}: AWS reports the texts of a set only"));
        return None;
    }
    let whole = temporary == session_token.is_some()
        && named == configuration_set.is_some()
        && has_topic == topic.is_some();
    Some(ProviderSettings::Aws(AwsSettings {
        region: region?,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
        session_token,
        origination_identity: origination_identity?,
        configuration_set,
        topic: topic.map(Arc::new),
        base_url: url?,
    }))
    .filter(|_| whole)
}

/// The URL at a key, or that of the region.
fn endpoint(
    reader: &mut Reader<'_>,
    context: &SmsContext<'_>,
    (key, region, of): (&str, Option<&str>, fn(&str) -> String),
) -> Option<url::Url> {
    let example = of("us-east-1");
    let url = |text: &str| base_url(text, &example, context.allowed);
    match (reader.has(key), region) {
        (true, _) => reader.one(key, url),
        (false, Some(region)) => url(&of(region)).ok(),
        (false, None) => None,
    }
}

/// `sms.aws.topic`; `None` if it is missing or a mistake was noted.
fn topic(
    reader: &mut Reader<'_>,
    context: &SmsContext<'_>,
    region: Option<&str>,
) -> Option<SnsTopic> {
    let arn = reader.one(TOPIC, |text| {
        let arn = identity(text, "sns", region)?;
        if !arn.starts_with("arn:") {
            let region = region.unwrap_or("us-east-1");
            let example = format!("arn:aws:sns:{region}:123456789012:texts");
            return Err(format!("{} is not the ARN of a topic, such as {example}", shown(text)));
        }
        let fifo = format!("{} is a FIFO topic, which delivers to no URL", shown(text));
        if arn.strip_suffix(".fifo").is_some() { Err(fifo) } else { Ok(arn) }
    });
    let url = endpoint(reader, context, (SNS_URL, region, SnsTopic::url_of))?;
    if url.path() != "/" {
        reader.note(SNS_URL, "may not have a path: SNS has none in its URLs");
        return None;
    }
    let rule = AddressRule::new(&url, context.allowed.to_vec());
    let client = HttpClient::new(&url, rule, HttpTimeouts::default());
    Some(SnsTopic::new(arn?, url, client))
}

/// Part of a host, and of every signature: such as `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`.
fn region(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| {
        (2..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase())
    };
    let is_number = |part: &str| part.len() == 1 && matches!(part.as_bytes(), [b'1'..=b'9']);
    let good = matches!(parts.as_slice(), [words @ .., number]
        if (2..=3).contains(&words.len()) && words.iter().all(is_word) && is_number(number));
    good.then(|| text.to_owned()).ok_or_else(|| {
        format!("{} is not a region: words and one digit, such as us-east-1", shown(text))
    })
}

/// By the pattern of `OriginationIdentity`, `ConfigurationSetName` and `TopicArn`. An ARN is one of this service, in this
/// region if that is known.
fn identity(text: &str, service: &str, region: Option<&str>) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_:/+-.".contains(&b);
    if !(1..=256).contains(&text.len()) || !text.bytes().all(plain) {
        return Err(format!("{} is not an id, number or ARN of AWS", shown(text)));
    }
    let Some(arn) = text.strip_prefix("arn:") else { return Ok(text.to_owned()) };
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let [partition, named, place, account, resource] = parts[..] else {
        let right = format!("arn:aws:{service}:REGION:ACCOUNT:NAME");
        return Err(format!("{} is no ARN; it would be {right}", shown(text)));
    };
    let shape = partition.starts_with("aws")
        && named == service
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && !resource.is_empty();
    let place_is_right = region.is_none_or(|region| region == place);
    if shape && place_is_right {
        return Ok(text.to_owned());
    }
    let region = region.unwrap_or(place);
    let right = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
    let given = shown(text);
    Err(if shape {
        format!("{given} is in another region than sms.aws.region; that would be {right}")
    } else {
        format!(
            "{given} is no ARN of {service}: arn:aws:{service}:{region}:ACCOUNT:NAME, whose account has 12 digits"
        )
    })
}
