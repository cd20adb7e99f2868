use super::super::document::{Document, Value};
use super::super::reader::Reader;
use super::super::shipped;
use super::super::values::{shown, unknown};
use super::brand::Checked;
use super::server::ServerContext;
use crate::delivery::sms::{ProviderSettings, twilio};
use crate::domain::Origin;
use crate::words::{Languages, SmsTemplate};

type ReadProvider = fn(&mut Reader<'_>, &ServerContext) -> Option<ProviderSettings>;

/// THE table of providers. Each has its own table in the file, `[sms.NAME]`.
const PROVIDERS: &[(&str, ReadProvider)] = &[("console", console), ("twilio", twilio)];

const KEY: &str = "sms.providers";

pub(super) fn providers(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
) -> Option<Vec<ProviderSettings>> {
    let named = reader.all(KEY, |text| {
        let known: Vec<&str> = PROVIDERS.iter().map(|(name, _)| *name).collect();
        let found = known.iter().find(|name| **name == text).copied();
        found.ok_or_else(|| unknown(text, "a provider", &known))
    });
    let mut read = Vec::new();
    for (name, provider) in PROVIDERS {
        let listed = reader.items(KEY).is_some_and(|items| items.iter().any(|i| i.text == *name));
        let table = format!("sms.{name}");
        match (listed, reader.has_more_than_defaults(&table)) {
            (true, _) => read.push((*name, provider(reader, ground))),
            // Only to report its mistakes: the list itself is invalid.
            (false, true) if named.is_none() => drop(provider(reader, ground)),
            (false, true) => reader.note(
                &table,
                format!("is not used: {KEY} does not list `{name}`; add it or remove this table"),
            ),
            (false, false) => {}
        }
    }
    let of = |name: &str| read.iter().find(|(n, _)| *n == name).and_then(|(_, p)| p.clone());
    named?.into_iter().map(of).collect()
}

fn console(reader: &mut Reader<'_>, ground: &ServerContext) -> Option<ProviderSettings> {
    if let Some(why) = ground.refuses_development() {
        let items = reader.items(KEY)?;
        let at = items.iter().find(|item| item.text == "console").and_then(|item| item.at);
        reader.note_at(at, KEY, format!("`console` {why}"));
        return None;
    }
    Some(ProviderSettings::Console)
}

fn twilio(reader: &mut Reader<'_>, _: &ServerContext) -> Option<ProviderSettings> {
    reader.require("sms.twilio");
    let account_sid = reader.one("sms.twilio.account_sid", |text| sid("AC", text));
    let auth_token = reader.secrets("sms.twilio.auth_token");
    let sender = sender(reader);
    let base_url = reader.one("sms.twilio.base_url", base_url);
    Some(ProviderSettings::Twilio(twilio::TwilioSettings {
        account_sid: account_sid?,
        auth_token: auth_token?.pop()?,
        sender: sender?,
        base_url: base_url?,
    }))
}

fn sender(reader: &mut Reader<'_>) -> Option<twilio::TwilioSender> {
    const SERVICE: &str = "sms.twilio.messaging_service_sid";
    const FROM: &str = "sms.twilio.from";
    let wrong = match (reader.has(SERVICE), reader.has(FROM)) {
        (true, false) => {
            let sid = reader.one(SERVICE, |text| sid("MG", text));
            return sid.map(twilio::TwilioSender::MessagingService);
        }
        (false, true) => return reader.one(FROM, from).map(twilio::TwilioSender::From),
        (true, true) => (FROM, "conflicts with messaging_service_sid; keep one of the two"),
        (false, false) => ("sms.twilio", "needs either messaging_service_sid or from"),
    };
    reader.note(wrong.0, wrong.1);
    None
}

fn sid(kind: &str, text: &str) -> Result<String, String> {
    let hex = text.strip_prefix(kind).unwrap_or_default();
    let good = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    // Not quoted: it may be the account's token, which looks similar.
    good.then(|| text.to_owned()).ok_or_else(|| format!("is not {kind} and 32 hexadecimal digits"))
}

fn from(text: &str) -> Result<String, String> {
    let number = text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    });
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b' ';
    let name = (1..=11).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text.trim() == text;
    (number || name).then(|| text.to_owned()).ok_or_else(|| {
        let is = shown(text);
        format!(
            "{is} is neither a number such as +12025550123 nor a name of 1 to 11 letters and digits"
        )
    })
}

fn base_url(text: &str) -> Result<url::Url, String> {
    let wrong = || "is not a URL such as https://api.twilio.com".to_owned();
    let mut url = url::Url::parse(text).map_err(|_| wrong())?;
    let origin = Origin::of(&url).map_err(|_| wrong())?;
    super::server::secure(&origin)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return Err("may not have a user, query or fragment".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

const TEMPLATE: &str = "sms.template";
const TEMPLATES: &str = "sms.templates";

/// `brand`: `None` if it is invalid. The built-in one is in the first language of the pages.
pub(super) fn template(reader: &mut Reader<'_>, brand: Option<&Checked>) -> Option<String> {
    let first = brand.and_then(|brand| brand.languages.first());
    let first = first.filter(|_| !reader.has(TEMPLATE));
    let translated = first.and_then(|tag| only_text(reader, &format!("{TEMPLATES}.{tag}")));
    // A mistake in it is noted with the others of its table.
    match translated.filter(|text| liquid(text, brand).is_ok()) {
        Some(text) => Some(text),
        None => reader.one(TEMPLATE, |text| liquid(text, brand)),
    }
}

fn only_text(reader: &Reader<'_>, key: &str) -> Option<String> {
    reader.items(key)?.into_iter().next().map(|item| item.text)
}

/// The templates by language. The built-in ones are translations of the built-in `template`, so
/// they are not used beside another one.
pub(super) fn templates(
    reader: &mut Reader<'_>,
    brand: Option<&Checked>,
) -> Option<Vec<(String, String)>> {
    let own = reader.has(TEMPLATE);
    let mut good = Vec::new();
    for tag in reader.names(TEMPLATES) {
        let key = format!("{TEMPLATES}.{tag}");
        if own && !reader.has(&key) {
            continue;
        }
        let languages = brand.map(|brand| brand.languages.as_slice()).unwrap_or_default();
        if brand.is_some() && !languages.contains(&tag) {
            // Shipped for a language that the pages are not in.
            if !reader.has(&key) {
                continue;
            }
            let known: Vec<&str> = languages.iter().map(String::as_str).collect();
            reader.note(&key, unknown(&tag, "a language of the pages", &known));
            continue;
        }
        good.push(reader.one(&key, |text| liquid(text, brand)).map(|text| (tag, text)));
    }
    // Where the built-in text for all others is a translation, English has its own.
    let languages = brand.map(|brand| brand.languages.as_slice()).unwrap_or_default();
    let english = Languages::FALLBACK_TAG.to_owned();
    let has_own = own || reader.has(&format!("{TEMPLATES}.{english}"));
    if languages.iter().skip(1).any(|tag| *tag == english) && !has_own {
        good.extend(only_text(reader, TEMPLATE).map(|text| Some((english, text))));
    }
    good.into_iter().collect()
}

/// The built-in templates by language tag, whatever the file says.
pub(super) fn built_in() -> Vec<(String, String)> {
    let shipped = Document::read(shipped::defaults(), &mut Vec::new()).unwrap_or_default();
    let text = |key: &str| match shipped.get(key) {
        Some(Value::Texts(items)) => items.first().map(|item| item.text.clone()),
        _ => None,
    };
    let first = text(TEMPLATE).map(|text| (Languages::FALLBACK_TAG.to_owned(), text));
    let by_language = shipped.names(TEMPLATES).into_iter();
    let by_language =
        by_language.filter_map(|tag| text(&format!("{TEMPLATES}.{tag}")).map(|text| (tag, text)));
    first.into_iter().chain(by_language).collect()
}

/// Parses the template and renders it with samples, as at the start.
fn liquid(text: &str, brand: Option<&Checked>) -> Result<String, String> {
    let name = brand.map_or("Acme", |checked| checked.brand.name.as_str());
    SmsTemplate::parse(text, name).map_err(|why| why.to_string())?;
    Ok(text.to_owned())
}
