use std::fmt;
use std::sync::{Arc, LazyLock};

use liquid::model::{Object, Value};
use liquid::partials::{EagerCompiler, InMemorySource};

use super::filter::{LANGUAGE, TranslateFilter};
use super::language::Language;
use super::languages::Languages;
use super::safe::Safe;

#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("{name}: {detail}")]
    Unreadable { name: String, line: Option<usize>, detail: String },
    /// Without detail: the engine's message quotes the values.
    #[error("template {name} failed to render")]
    Failed { name: String },
    #[error(
        "the text does not contain the code: add {{{{ code }}}}, {{{{ password }}}} or @@password@@"
    )]
    NoCode,
    #[error("the text has more than {0} characters, which providers reject")]
    TooLong(usize),
    /// A tag or filter that text messages do not have, such as loops.
    #[error("line {line}: `{word}` is not a {kind} of text messages; known: {known}")]
    NotInTexts { line: usize, word: String, kind: &'static str, known: String },
}

/// Whether a template uses a tag, such as `for`.
pub fn has_tag(liquid: &str, tag: &str) -> bool {
    liquid.split("{%").skip(1).any(|rest| {
        let rest = rest.trim_start_matches('-').trim_start();
        rest.strip_prefix(tag).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// Parses page templates. Each can use `{{ "key" | t }}` and include the named parts.
pub struct Engine(liquid::Parser);

impl Engine {
    /// # Errors
    ///
    /// When a part cannot be parsed.
    pub fn new(languages: Arc<Languages>, parts: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let mut partials = EagerCompiler::<InMemorySource>::empty();
        for (name, text) in parts {
            partials.add(*name, *text);
        }
        let parser = liquid::ParserBuilder::with_stdlib()
            .partials(partials)
            .filter(TranslateFilter { languages })
            .build();
        Ok(Self(parser.map_err(|error| unreadable("parts", &error))?))
    }

    /// # Errors
    ///
    /// When the template cannot be parsed.
    pub fn parse(&self, name: &str, text: &str) -> Result<Template, TemplateError> {
        let parsed = read(&self.0, name, text)?;
        Ok(Template { name: name.to_owned(), parsed })
    }
}

/// Parses a template without phrases, for texts that are not HTML.
pub(super) fn plain(name: &str, text: &str) -> Result<liquid::Template, TemplateError> {
    static PARSER: LazyLock<Result<liquid::Parser, liquid::Error>> =
        LazyLock::new(|| liquid::ParserBuilder::with_stdlib().build());
    let parser = PARSER.as_ref().map_err(|error| unreadable(name, error))?;
    read(parser, name, text)
}

fn read(
    parser: &liquid::Parser,
    name: &str,
    text: &str,
) -> Result<liquid::Template, TemplateError> {
    if let Some(line) = line_of_long_number(text) {
        let detail = format!("a number has more than {MOST_DIGITS} digits");
        return Err(TemplateError::Unreadable { name: name.to_owned(), line: Some(line), detail });
    }
    parser.parse(text).map_err(|error| unreadable(name, &error))
}

/// Numbers of templates have 64 bits. The engine panics at longer ones.
const MOST_DIGITS: usize = 18;

/// The line of a number in a tag or an output that is too long for the engine.
fn line_of_long_number(text: &str) -> Option<usize> {
    let first = |text: &str, of: [&str; 2]| of.into_iter().filter_map(|sign| text.find(sign)).min();
    let mut rest = text;
    while let Some(begin) = first(rest, ["{{", "{%"]) {
        rest = &rest[begin + 2..];
        let end = first(rest, ["}}", "%}"]).unwrap_or(rest.len());
        let is_long = |digits: &str| digits.len() > MOST_DIGITS;
        if rest[..end].split(|c: char| !c.is_ascii_digit()).any(is_long) {
            let before = &text[..text.len() - rest.len()];
            return Some(before.matches('\n').count() + 1);
        }
        rest = &rest[end..];
    }
    None
}

/// Keeps the engine's message. Only for errors that cannot quote personal data.
pub(super) fn unreadable(name: &str, error: &liquid::Error) -> TemplateError {
    let message = error.to_string();
    let line = message.split_once("--> ").and_then(|(_, at)| at.split(':').next()?.parse().ok());
    TemplateError::Unreadable { name: name.to_owned(), line, detail: in_one_line(&message) }
}

impl TemplateError {
    /// Its text where the name of the template stands before it anyway.
    pub fn without_name(&self) -> String {
        match self {
            Self::Unreadable { detail, .. } => detail.clone(),
            other => other.to_string(),
        }
    }
}

/// Removes the excerpt that the engine draws below its message, and its list of all variables.
fn in_one_line(message: &str) -> String {
    let drawn = |line: &&str| line.contains('|') || line.contains("-->");
    let kept = |line: &&str| {
        !line.is_empty() && !drawn(line) && *line != "with:" && !line.starts_with("available ")
    };
    let lines = message.lines().map(|line| line.trim().trim_start_matches("= ")).filter(kept);
    let text = lines.collect::<Vec<_>>().join("; ");
    text.trim_start_matches("liquid: ").to_owned()
}

/// The values of a template. Text enters as [`Safe`] only. Without `Debug`, because it holds
/// personal data.
#[derive(Clone, Default)]
pub struct Context(Object);

impl Context {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn text(self, name: &'static str, text: Safe) -> Self {
        self.value(name, Value::scalar(text.into_string()))
    }

    /// `None` is nil, which a template can test with `if`.
    #[must_use]
    pub fn maybe(self, name: &'static str, text: Option<Safe>) -> Self {
        let value = text.map_or(Value::Nil, |text| Value::scalar(text.into_string()));
        self.value(name, value)
    }

    #[must_use]
    pub fn flag(self, name: &'static str, flag: bool) -> Self {
        self.value(name, Value::scalar(flag))
    }

    #[must_use]
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.text(name, Safe::number(number))
    }

    #[must_use]
    pub fn list(self, name: &'static str, rows: impl IntoIterator<Item = Self>) -> Self {
        let rows = rows.into_iter().map(|row| Value::Object(row.0)).collect();
        self.value(name, Value::Array(rows))
    }

    /// Texts by keys that are not identifiers: `{{ name["key"] }}`.
    #[must_use]
    pub fn map(self, name: &'static str, pairs: impl IntoIterator<Item = (String, Safe)>) -> Self {
        let pairs =
            pairs.into_iter().map(|(key, text)| (key.into(), Value::scalar(text.into_string())));
        self.value(name, Value::Object(pairs.collect()))
    }

    fn value(mut self, name: &'static str, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }
}

pub struct Template {
    name: String,
    parsed: liquid::Template,
}

impl Template {
    /// # Errors
    ///
    /// When a variable or phrase is missing.
    pub fn render(&self, language: &Language, context: Context) -> Result<Safe, TemplateError> {
        // Without detail, which could quote personal data.
        self.fill(language, context).map_err(|_| TemplateError::Failed { name: self.name.clone() })
    }

    /// Renders with sample values, so that the error may have all details.
    ///
    /// # Errors
    ///
    /// When a variable or phrase is missing.
    pub fn try_out(&self, language: &Language, samples: Context) -> Result<Safe, TemplateError> {
        self.fill(language, samples).map_err(|error| unreadable(&self.name, &error))
    }

    fn fill(&self, language: &Language, context: Context) -> Result<Safe, liquid::Error> {
        let tag = Value::scalar(language.tag().to_owned());
        self.parsed.render(&context.value(LANGUAGE, tag).0).map(Safe::rendered)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.name)
    }
}
