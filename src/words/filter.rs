use std::fmt;
use std::sync::Arc;

use liquid::model::{ScalarCow, Value};
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{
    Error, Expression, Filter, ParseFilter, Result, Runtime, ValueView, parser::FilterReflection,
};

use super::language::Language;
use super::languages::Languages;
use super::safe::Safe;

/// The template variable with the language of the page.
pub(super) const LANGUAGE: &str = "lang";

/// `{{ "key" | t: count: n, host: host }}`: a phrase in the page's language.
#[derive(Clone)]
pub(super) struct TranslateFilter {
    pub(super) languages: Arc<Languages>,
}

/// The named arguments of the filter; safe, like all values of a template.
type NamedArguments = Vec<(String, Value)>;

/// The name of the filter.
const NAME: &str = "t";

fn translate(language: &Language, key: &str, arguments: &NamedArguments) -> Option<Safe> {
    let value = |name: &str| arguments.iter().find(|(n, _)| n == name).map(|(_, value)| value);
    let count = value("count").and_then(|count| count.to_kstr().parse().ok());
    let sentence = language.sentence(key, count)?;
    sentence.fill(|name| Some(Safe::rendered(value(name)?.to_kstr().into_string()))).ok()
}

impl FilterReflection for TranslateFilter {
    fn name(&self) -> &str {
        NAME
    }

    fn description(&self) -> &'static str {
        "words of the page's language"
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for TranslateFilter {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let named = arguments.keyword.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Box::new(Call { filter: self.clone(), named }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

/// One use of the filter in a template.
struct Call {
    filter: TranslateFilter,
    named: Vec<(String, Expression)>,
}

impl Filter for Call {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let tag = runtime.get(&[ScalarCow::new(LANGUAGE)])?;
        let mut arguments = NamedArguments::new();
        for (name, expression) in &self.named {
            arguments.push((name.clone(), expression.evaluate(runtime)?.into_owned()));
        }
        let key = input.to_kstr();
        let language = self.filter.languages.by_tag(&tag.to_kstr());
        match language.and_then(|language| translate(language, &key, &arguments)) {
            Some(text) => Ok(Value::scalar(text.into_string())),
            None => Err(Error::with_msg(format!("no phrase for {key}"))),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}
