use std::fmt;

use http::{HeaderMap, header};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// What a caller says: in its query, or in its JSON or form body. SDKs differ in which of the
/// two they send to which endpoint, so every one takes both. Not `Debug`: among them are secrets,
/// codes and numbers.
#[derive(Default)]
pub(super) struct Params(Map<String, Value>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("the body is not a form in UTF-8")]
    NotAForm,
    #[error("the body looks like JSON and is sent as a form: say `Content-Type: application/json`")]
    JsonAsForm,
    #[error("the body must be application/json or application/x-www-form-urlencoded")]
    UnknownKind,
    /// RFC 6749 §3.1 and §3.2: no parameter more than once.
    #[error("the parameter {0} is there more than once")]
    Twice(String),
    /// A list or an object would else be as if it were not there, and less asked than was meant.
    #[error("{0} must be a text")]
    NotAText(String),
}

impl Unreadable {
    /// The same without what the caller wrote.
    pub(super) const fn told(&self) -> &'static str {
        match self {
            Self::NotJson => "the body is not a JSON object",
            Self::NotAForm => "the body is not a form in UTF-8",
            Self::JsonAsForm => "the body looks like JSON and is sent as a form",
            Self::UnknownKind => "the body is neither JSON nor a form",
            Self::Twice(_) => "a parameter is there more than once",
            Self::NotAText(_) => "a parameter is not a text",
        }
    }
}

/// The only one that is an object; its reader judges it.
const OBJECT: &str = "authParams";

/// The longest name that is repeated in an error, in characters.
const LONGEST_NAME: usize = 40;

impl Params {
    pub(super) fn of_query(query: &str) -> Result<Self, Unreadable> {
        pairs(query.as_bytes())
    }

    pub(super) fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, Unreadable> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => {
                let Object(members) =
                    serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
                let nested = |(name, value): &&(String, Value)| {
                    (value.is_object() || value.is_array()) && name.as_str() != OBJECT
                };
                match members.iter().find(nested) {
                    Some((name, _)) => Err(Unreadable::NotAText(shown(name))),
                    None => single(members),
                }
            }
            "application/x-www-form-urlencoded" => {
                let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotAForm)?;
                if text.trim_start().starts_with('{') {
                    return Err(Unreadable::JsonAsForm);
                }
                pairs(body)
            }
            _ => Err(Unreadable::UnknownKind),
        }
    }

    /// A text; absent when it is empty, which is how some SDKs leave it out.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All that are texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// The names, cut to what may be repeated.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(|name| shown(name))
    }
}

fn shown(name: &str) -> String {
    repeated(name, LONGEST_NAME)
}

/// What a caller wrote, as it may stand in an error: so many characters of it, all in one line.
pub(super) fn repeated(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

fn pairs(text: &[u8]) -> Result<Params, Unreadable> {
    let pairs = form_urlencoded::parse(text);
    single(pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))))
}

fn single(members: impl IntoIterator<Item = (String, Value)>) -> Result<Params, Unreadable> {
    let mut map = Map::new();
    for (name, value) in members {
        if map.contains_key(&name) {
            return Err(Unreadable::Twice(shown(&name)));
        }
        map.insert(name, value);
    }
    Ok(Params(map.into_iter().filter_map(usual).collect()))
}

/// The members of a JSON object as they were written: a [`Map`] keeps only the last of a name.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        from.deserialize_map(Members)
    }
}

/// `null` and the empty text are absent; a number is what its digits are as a text, which is how
/// people write codes.
fn usual((name, value): (String, Value)) -> Option<(String, Value)> {
    let value = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::Number(number) => Value::from(number.to_string()),
        other => other,
    };
    Some((name, value))
}
