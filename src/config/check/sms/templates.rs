use super::super::super::document::{Document, Value};
use super::super::super::reader::Reader;
use super::super::super::shipped;
use super::super::super::values::unknown;
use super::super::brand::Checked;
use crate::words::{Languages, SmsTemplate};

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
    // Which languages there are depends on the brand's files.
    let brand = brand.filter(|_| reader.purpose().reads_brand());
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
pub(in super::super) fn built_in() -> Vec<(String, String)> {
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
