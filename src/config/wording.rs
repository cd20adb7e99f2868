//! Messages about keys and their types.
use toml::de::DeValue;

use super::keys::{self, Key, ValueType};
use super::values;

/// A name as part of a full key: quoted if it contains more than letters, digits, `-` and `_`.
pub(super) fn bare(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        values::shown(name).replace('`', "\"")
    }
}

/// The header of a table in TOML: `[server]`, `[[site.rule]]`, or the top of the file.
pub(super) fn header(pattern: &str) -> String {
    match (pattern, pattern.strip_suffix("[]")) {
        ("", _) => "the top of the file".to_owned(),
        (_, Some(several)) => format!("[[{}]]", several.replace("[]", "")),
        _ => format!("[{pattern}]"),
    }
}

/// `name` is not a key of the table `pattern`; suggests the one that was probably meant.
pub(super) fn not_a_key(pattern: &str, name: &str) -> String {
    let here = || keys::inside(pattern).map(Key::name);
    if let Some(meant) = values::nearest(name, here()) {
        return format!("is not a key; did you mean `{meant}`?");
    }
    if let Some(elsewhere) = keys::all().find(|key| key.name() == name && !key.table().is_empty()) {
        return format!("is not a key here; did you mean it for {}?", header(elsewhere.table()));
    }
    let list = here().collect::<Vec<_>>().join(", ");
    format!("is not a key; {} has: {list}", header(pattern))
}

/// A required key is missing.
pub(super) fn missing(key: &Key, example: &str) -> String {
    let (name, table, meaning) = (key.name(), header(key.table()), key.meaning);
    format!("is missing; write in {table} for example `{name} = {example}`. {meaning}")
}

/// `found` is not of the type of `key`.
pub(super) fn not_of_kind(key: &Key, found: &DeValue<'_>) -> String {
    let right = match key.kind {
        ValueType::Table | ValueType::Texts => header(key.path),
        ValueType::Tables => header(&format!("{}[]", key.path)),
        ValueType::TextOrTables => format!("{} or a string", header(&format!("{}[]", key.path))),
        other => other.in_words(),
    };
    let found = match found {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            "an array of tables"
        }
        DeValue::Array(items) if items.iter().any(|item| !item.get_ref().is_str()) => {
            "a list with values that are not strings"
        }
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a single table",
    };
    format!("is {found}; write {right}")
}

impl ValueType {
    /// The type in words, as the continuation of "write".
    pub(super) fn in_words(self) -> String {
        match self {
            Self::Table | Self::Tables => "a table".to_owned(),
            Self::Texts => "a table of strings".to_owned(),
            Self::Text => "a string".to_owned(),
            Self::TextOrTables => "a string, or tables".to_owned(),
            Self::TextOrTexts => "a string, or a table of strings".to_owned(),
            Self::List | Self::Some => "a list of strings".to_owned(),
            Self::OneOrTwo => "a string, or a list of two strings".to_owned(),
            Self::Integer(least, most) => format!("an integer from {least} to {most}"),
            Self::Duration(least, most) => {
                let (least, most) = (values::written(least), values::written(most));
                format!("a duration from {least} to {most}, such as \"{least}\"")
            }
            Self::DurationOrNever(least, most) => {
                let (least, most) = (values::written(least), values::written(most));
                format!("\"0s\", or a duration from {least} to {most}")
            }
            Self::Size(least, most) => {
                let (least, most) = (values::size_written(least), values::size_written(most));
                format!("a size from {least} to {most}, such as \"10MiB\"")
            }
            Self::Flag => "true or false".to_owned(),
        }
    }
}
