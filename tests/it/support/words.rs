//! The sentences of Doorcode's own pages by their keys: a story that is about something else stays
//! true when a page is worded anew.
use toml::{Table, Value};

const ENGLISH: &str = include_str!("../../../static/words/en.toml");

/// A sentence of the pages in a language, in every plural form. Placeholders are left in it.
#[track_caller]
pub(crate) fn sentences(tag: &str, key: &str) -> Vec<String> {
    let path = format!("{}/static/words/{tag}.toml", env!("CARGO_MANIFEST_DIR"));
    let file: Table = std::fs::read_to_string(path).unwrap().parse().expect("TOML");
    let text = |value: &Value| value.as_str().expect("a sentence").to_owned();
    match &file["words"][key] {
        Value::Table(forms) => forms.values().map(text).collect(),
        word => vec![text(word)],
    }
}

/// A sentence of the English pages that has no placeholder, or its longest part without one.
#[track_caller]
pub(crate) fn word(key: &str) -> String {
    word_with(key, &[])
}

/// The same with `values` filled in, in the plural form of `count`. Pages put markup around what
/// else is filled in: of a sentence with other placeholders, the longest part between them.
#[track_caller]
pub(crate) fn word_with(key: &str, values: &[(&str, &str)]) -> String {
    let file: Table = ENGLISH.parse().expect("TOML");
    let word = file["words"].get(key).unwrap_or_else(|| panic!("no word `{key}`"));
    let one = values.contains(&("count", "1"));
    let sentence = match word {
        Value::Table(forms) => &forms[if one { "one" } else { "other" }],
        word => word,
    };
    let mut sentence = sentence.as_str().expect("a sentence").to_owned();
    for (name, value) in values {
        let placeholder = format!("{{{name}}}");
        assert!(sentence.contains(&placeholder), "`{key}` has no {placeholder}: {sentence}");
        sentence = sentence.replace(&placeholder, value);
    }
    let parts = sentence.split('{').enumerate().map(|(nth, part)| match nth {
        0 => part,
        _ => part.split_once('}').map_or(part, |(_, after)| after),
    });
    parts.max_by_key(|part| part.len()).unwrap_or_default().to_owned()
}

/// What the page of a code says of a wrong one.
#[track_caller]
pub(crate) fn tries_left(count: &str) -> String {
    word_with("code_wrong", &[("count", count)])
}
