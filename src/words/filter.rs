use std::fmt;
use std::sync::Arc;

use liquid::model::{ScalarCow, Value};
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{
    Error, Expression, Filter, ParseFilter, Result, Runtime, ValueView, parser::FilterReflection,
};

use super::{Language, Languages, Safe};

/// The variable that names the language of the page being made.
pub(super) const LANGUAGE: &str = "lang";

/// `{{ "key" | t: count: n, host: host }}`: the words of the page's language.
/// `{{ "key" | forms }}`: all plural forms, as attributes for a script.
#[derive(Clone)]
pub(super) struct Words {
    pub(super) name: &'static str,
    pub(super) say: fn(&Language, &str, &Arguments) -> Option<Safe>,
    pub(super) languages: Arc<Languages>,
}

/// What a template passes to the filter: named values, safe already like everything it has.
pub(super) type Arguments = Vec<(String, Value)>;

pub(super) fn translate(language: &Language, key: &str, given: &Arguments) -> Option<Safe> {
    let value = |name: &str| given.iter().find(|(n, _)| n == name).map(|(_, value)| value);
    let count = value("count").and_then(|count| count.to_kstr().parse().ok());
    let sentence = language.sentence(key, count)?;
    sentence.fill(|name| Some(Safe::rendered(value(name)?.to_kstr().into_string()))).ok()
}

pub(super) fn forms(language: &Language, key: &str, _: &Arguments) -> Option<Safe> {
    language.data_forms(key)
}

impl FilterReflection for Words {
    fn name(&self) -> &str {
        self.name
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

impl ParseFilter for Words {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let named = arguments.keyword.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Box::new(Say { words: self.clone(), named }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

struct Say {
    words: Words,
    named: Vec<(String, Expression)>,
}

impl Filter for Say {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let tag = runtime.get(&[ScalarCow::new(LANGUAGE)])?;
        let value = |(name, expression): &(String, Expression)| {
            Ok((name.clone(), expression.evaluate(runtime)?.into_owned()))
        };
        let given = self.named.iter().map(value).collect::<Result<Arguments>>()?;
        let key = input.to_kstr();
        let language = self.words.languages.by_tag(&tag.to_kstr());
        let text = language.and_then(|language| (self.words.say)(language, &key, &given));
        let text = text.ok_or_else(|| Error::with_msg(format!("cannot say {key}")))?;
        Ok(Value::scalar(text.into_string()))
    }
}

impl fmt::Debug for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words.name)
    }
}
