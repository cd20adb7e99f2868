//! What is said about keys and kinds, and what they are called.
use toml::de::DeValue;

use super::keys::{self, KEYS, Key, Kind};
use super::values;

/// A name as it may stand in a full key: in quotes when it holds more than letters and digits.
pub(super) fn bare(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        values::shown(name).replace('`', "\"")
    }
}

/// What a reader of the file calls a table: `[server]`, `[[site.rule]]`, or its top.
pub(super) fn header(pattern: &str) -> String {
    match (pattern, pattern.strip_suffix("[]")) {
        ("", _) => "the top of the file".to_owned(),
        (_, Some(several)) => format!("[[{}]]", several.replace("[]", "")),
        _ => format!("[{pattern}]"),
    }
}

/// Says that `name` is no key of the table `pattern`, and which one may have been meant.
pub(super) fn not_a_key(pattern: &str, name: &str) -> String {
    let here = || keys::inside(pattern).map(Key::name);
    if let Some(meant) = values::nearest(name, here()) {
        return format!("is not a key; did you mean `{meant}`?");
    }
    if let Some(elsewhere) = KEYS.iter().find(|key| key.name() == name && !key.table().is_empty()) {
        return format!("is not a key here; did you mean it for {}?", header(elsewhere.table()));
    }
    let list = here().collect::<Vec<_>>().join(", ");
    format!("is not a key; {} has: {list}", header(pattern))
}

/// Says that a required key is not there.
pub(super) fn missing(key: &Key, example: &str) -> String {
    let (name, table, says) = (key.name(), header(key.table()), key.says);
    format!("is missing; write in {table} for example `{name} = {example}`. {says}")
}

/// Says that `found` is not what belongs behind `key`.
pub(super) fn not_of_kind(key: &Key, found: &DeValue<'_>) -> String {
    let right = match key.kind {
        Kind::Table | Kind::Texts => header(key.path),
        Kind::Tables => header(&format!("{}[]", key.path)),
        other => other.in_words(),
    };
    let found = match found {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            "in two pairs of brackets"
        }
        DeValue::Array(items) if items.iter().any(|item| !item.get_ref().is_str()) => {
            "a list of other things"
        }
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table in one pair of brackets",
    };
    format!("is {found}; write {right}")
}

impl Kind {
    /// What is to be written, as a sentence goes on after "write".
    pub(super) fn in_words(self) -> String {
        match self {
            Self::Table | Self::Tables => "a table".to_owned(),
            Self::Texts => "a table of texts in quotes".to_owned(),
            Self::Text => "a text in quotes".to_owned(),
            Self::TextOrTexts => "a text in quotes, or a table of texts".to_owned(),
            Self::List | Self::Some => "a list of texts in brackets".to_owned(),
            Self::OneOrTwo => "a text in quotes, or two in brackets".to_owned(),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(least, most) => {
                let (least, most) = (values::written(least), values::written(most));
                format!("a time in quotes from {least} to {most}, such as \"{least}\"")
            }
            Self::DurationOrNever(least, most) => {
                let (least, most) = (values::written(least), values::written(most));
                format!("\"0s\", or a time in quotes from {least} to {most}")
            }
            Self::Size(least, most) => {
                let (least, most) = (values::size_written(least), values::size_written(most));
                format!("a size in quotes from {least} to {most}, such as \"10MiB\"")
            }
            Self::Flag => "true or false".to_owned(),
        }
    }
}
