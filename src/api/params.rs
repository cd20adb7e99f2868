use std::fmt;

use axum::extract::Request;
use http::{HeaderMap, Method, header};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::oauth::TokenTarget;

/// The parameters of a query, or of a JSON or form body. Every endpoint takes both, since SDKs
/// differ in what they send. Not `Debug`: they hold secrets, codes and numbers.
#[derive(Clone, Default)]
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
    /// Not allowed (RFC 6749 §3.1, §3.2).
    #[error("the parameter {0} is there more than once")]
    Twice(String),
    /// If a list or an object were ignored, less would be asked for than was meant.
    #[error("{0} must be a text")]
    NotAText(String),
}

impl Unreadable {
    /// Its code (RFC 6749 §5.2). Tokens are for one resource (RFC 8707 §2).
    pub(super) fn error(&self) -> &'static str {
        match self {
            Self::Twice(name) if name == "resource" => "invalid_target",
            _ => "invalid_request",
        }
    }

    /// The same for the log, without what the caller wrote.
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

/// The only parameter that may be an object, which its reader checks.
const OBJECT: &str = "authParams";

/// The longest body of a page, which may hold a token, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// How much of a name an error repeats, in characters.
const LONGEST_NAME: usize = 40;

impl Params {
    pub(super) fn of_query(query: &str) -> Result<Self, Unreadable> {
        pairs(query.as_bytes())
    }

    /// The first of each name, and the names that are there more than once.
    pub(super) fn first_of_query(query: &str) -> (Self, Vec<String>) {
        first_of(texts(query.as_bytes()))
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

    /// The parameters of a page: of its query or, for a POST, of its body.
    pub(super) async fn of_request(request: Request) -> Result<Self, Unreadable> {
        if request.method() != Method::POST {
            return Self::of_query(request.uri().query().unwrap_or_default());
        }
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LONGEST_BODY).await;
        Self::of_body(&parts.headers, &body.map_err(|_| Unreadable::NotAForm)?)
    }

    /// As a query.
    pub(super) fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.texts()).finish()
    }

    /// A string; `None` also if it is empty, which is how some SDKs leave a parameter out.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The API that tokens are asked for.
    pub(super) fn target(&self) -> TokenTarget<'_> {
        TokenTarget { audience: self.text("audience"), resource: self.text("resource") }
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All that are strings.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// The names, cut to what an error may repeat.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(|name| shown(name))
    }
}

fn shown(name: &str) -> String {
    repeated(name, LONGEST_NAME)
}

/// The first `most` characters of what a caller wrote, in one line, for an error.
pub(super) fn repeated(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

fn pairs(text: &[u8]) -> Result<Params, Unreadable> {
    single(texts(text))
}

fn texts(form: &[u8]) -> impl Iterator<Item = (String, Value)> {
    let pairs = form_urlencoded::parse(form);
    pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
}

fn single(members: impl IntoIterator<Item = (String, Value)>) -> Result<Params, Unreadable> {
    let (params, repeated) = first_of(members);
    repeated.first().map_or(Ok(params), |name| Err(Unreadable::Twice(shown(name))))
}

/// The first of each name, and the names that are there more than once.
fn first_of(members: impl IntoIterator<Item = (String, Value)>) -> (Params, Vec<String>) {
    let (mut map, mut repeated) = (Map::new(), Vec::new());
    for (name, value) in members {
        if map.contains_key(&name) {
            repeated.push(name);
        } else {
            map.insert(name, value);
        }
    }
    (Params(map.into_iter().filter_map(usual).collect()), repeated)
}

/// The members of a JSON object in order, duplicates included, which a [`Map`] drops.
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

/// `null` and the empty string are as good as absent. A number becomes the string of its digits,
/// since some callers send codes as numbers.
fn usual((name, value): (String, Value)) -> Option<(String, Value)> {
    let value = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::Number(number) => Value::from(number.to_string()),
        other => other,
    };
    Some((name, value))
}
