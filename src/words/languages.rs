use fluent_langneg::{NegotiationStrategy, negotiate_languages};

use super::{Language, accept};

/// One row a language: its tag, its words, its names of countries. The first is the one that
/// people get who ask for none of them, and the measure of completeness for the others.
const BUILT_IN: &[(&str, &str, &str)] = &[
    (
        "en",
        include_str!("../../static/words/en.toml"),
        include_str!("../../static/words/countries.en.toml"),
    ),
    (
        "ar",
        include_str!("../../static/words/ar.toml"),
        include_str!("../../static/words/countries.ar.toml"),
    ),
];

/// The languages that pages can be read in. Never empty.
#[derive(Debug)]
pub struct Languages {
    first: Language,
    others: Vec<Language>,
}

#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    #[error("there is no language at all")]
    None,
    #[error("words of {tag}: {error}")]
    Unreadable { tag: String, error: toml::de::Error },
    #[error("{tag} is not a language with known plural rules")]
    UnknownTag { tag: String },
    #[error("words of {tag}: {key} is missing or not wanted")]
    Keys { tag: String, key: String },
    #[error("words of {tag}: {key} lacks a plural form, or has one too many")]
    Forms { tag: String, key: String },
    #[error("words of {tag}: {key} has other blanks than in the first language")]
    Blanks { tag: String, key: String },
}

impl Languages {
    pub fn built_in() -> Result<Self, LanguageError> {
        Self::parse(BUILT_IN)
    }

    /// Reads (tag, words, countries) of each language and refuses incomplete ones.
    pub fn parse(files: &[(&str, &str, &str)]) -> Result<Self, LanguageError> {
        let read =
            |(tag, words, countries): &(&str, &str, &str)| Language::parse(tag, words, countries);
        let mut all = files.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = all.next().ok_or(LanguageError::None)?;
        let languages = Self { first, others: all.collect() };
        languages.iter().try_for_each(|language| complete(language, &languages.first))?;
        Ok(languages)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Language> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub fn by_tag(&self, tag: &str) -> Option<&Language> {
        self.iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language of a page: what `lang=` names if we have it, else the best of the header,
    /// else the first. Never fails: whatever a browser sends, it gets words.
    pub fn negotiate(&self, query_lang: Option<&str>, accept_language: Option<&str>) -> &Language {
        [query_lang, accept_language]
            .into_iter()
            .flatten()
            .find_map(|wish| self.best(wish))
            .unwrap_or(&self.first)
    }

    fn best(&self, wish: &str) -> Option<&Language> {
        let wanted = accept::languages(wish);
        let had: Vec<_> = self.iter().map(|language| language.id.clone()).collect();
        let found = negotiate_languages(&wanted, &had, None, NegotiationStrategy::Lookup);
        let id = found.first()?;
        self.iter().find(|language| language.id == **id)
    }
}

fn complete(language: &Language, model: &Language) -> Result<(), LanguageError> {
    let tag = || language.tag().to_owned();
    let keys = || language.words.keys().chain(model.words.keys());
    let lone = |key: &&String| language.words.contains_key(*key) != model.words.contains_key(*key);
    if let Some(key) = keys().find(lone) {
        return Err(LanguageError::Keys { tag: tag(), key: key.clone() });
    }
    for ((key, phrase), same) in language.words.iter().zip(model.words.values()) {
        let forms = phrase.forms();
        if phrase.is_counted() != same.is_counted() || forms.is_some_and(|f| f != language.forms())
        {
            return Err(LanguageError::Forms { tag: tag(), key: key.clone() });
        }
        if phrase.blanks() != same.blanks() {
            return Err(LanguageError::Blanks { tag: tag(), key: key.clone() });
        }
    }
    Ok(())
}
