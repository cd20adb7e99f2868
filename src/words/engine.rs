use std::fmt;
use std::sync::Arc;

use liquid::model::{Object, Value};
use liquid::partials::{EagerCompiler, InMemorySource};

use super::filter::{LANGUAGE, Words, forms, translate};
use super::{Language, Languages, Safe};

#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("{name}: {detail}")]
    Unreadable { name: String, line: Option<usize>, detail: String },
    /// Without detail: the engine's own message repeats the values it was given.
    #[error("template {name} failed while it was filled in")]
    Failed { name: String },
    #[error(
        "the text never shows the code: write {{{{ code }}}}, {{{{ password }}}} or @@password@@ in it"
    )]
    NoCode,
    #[error("the text has more than {0} characters: no provider takes it")]
    TooLong(usize),
    /// A loop could run for hours, each time that somebody wants a code.
    #[error("`{0}` cannot be used in a text")]
    NotInTexts(&'static str),
}

/// Whether a template uses a tag, such as `for`.
pub fn has_tag(liquid: &str, tag: &str) -> bool {
    liquid.split("{%").skip(1).any(|rest| {
        let rest = rest.trim_start_matches('-').trim_start();
        rest.strip_prefix(tag).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// Reads page templates. Each can say `{{ "key" | t }}` and include the named parts.
pub struct Engine(liquid::Parser);

impl Engine {
    pub fn new(languages: Arc<Languages>, parts: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let mut partials = EagerCompiler::<InMemorySource>::empty();
        for (name, text) in parts {
            partials.add(*name, *text);
        }
        let parser = liquid::ParserBuilder::with_stdlib()
            .partials(partials)
            .filter(Words { name: "t", say: translate, languages: languages.clone() })
            .filter(Words { name: "forms", say: forms, languages })
            .build();
        Ok(Self(parser.map_err(|error| unreadable("parts", &error))?))
    }

    pub fn parse(&self, name: &str, text: &str) -> Result<Template, TemplateError> {
        let parsed = self.0.parse(text).map_err(|error| unreadable(name, &error))?;
        Ok(Template { name: name.to_owned(), parsed })
    }
}

/// The same engine without words: for texts that are not HTML.
pub(super) fn plain(name: &str, text: &str) -> Result<liquid::Template, TemplateError> {
    let parser = liquid::ParserBuilder::with_stdlib().build();
    parser.and_then(|parser| parser.parse(text)).map_err(|error| unreadable(name, &error))
}

/// Only for errors that come before any value of a person's is known.
pub(super) fn unreadable(name: &str, error: &liquid::Error) -> TemplateError {
    let told = error.to_string();
    let line = told.split_once("--> ").and_then(|(_, at)| at.split(':').next()?.parse().ok());
    TemplateError::Unreadable { name: name.to_owned(), line, detail: in_one_line(&told) }
}

/// The engine draws the place below its message and lists every variable there is.
fn in_one_line(told: &str) -> String {
    let drawn = |line: &&str| line.contains('|') || line.contains("-->");
    let said = |line: &&str| {
        !line.is_empty() && !drawn(line) && *line != "with:" && !line.starts_with("available ")
    };
    let lines = told.lines().map(|line| line.trim().trim_start_matches("= ")).filter(said);
    let text = lines.collect::<Vec<_>>().join("; ");
    text.trim_start_matches("liquid: ").to_owned()
}

/// What a template is given. Text enters as [`Safe`] only. Without `Debug`: it holds what people
/// typed.
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

    /// Nothing is nil, which a template can ask for with `if`.
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

    /// Texts by names that are no words of ours: `{{ name["key"] }}`.
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
    pub fn render(&self, language: &Language, context: Context) -> Result<Safe, TemplateError> {
        // Without detail: it may hold what a person typed.
        self.fill(language, context).map_err(|_| TemplateError::Failed { name: self.name.clone() })
    }

    /// The same with samples, so that the error may say all that there is to say.
    pub fn try_out(&self, language: &Language, samples: Context) -> Result<Safe, TemplateError> {
        self.fill(language, samples).map_err(|error| unreadable(&self.name, &error))
    }

    fn fill(&self, language: &Language, context: Context) -> Result<Safe, liquid::Error> {
        let tag = Value::scalar(language.tag().to_owned());
        let context = context.value(LANGUAGE, tag);
        self.parsed.render(&context.0).map(Safe::rendered)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({})", self.name)
    }
}
