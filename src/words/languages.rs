use fluent_langneg::{NegotiationStrategy, negotiate_languages};

use super::file::{Extent, WordsFile, countries as countries_of};
use super::given::Given;
use super::language::{forms, known_tag};
use super::mistake::in_order;
use super::{Language, Mistake, accept};

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
    (
        "de",
        include_str!("../../static/words/de.toml"),
        include_str!("../../static/words/countries.de.toml"),
    ),
    (
        "es",
        include_str!("../../static/words/es.toml"),
        include_str!("../../static/words/countries.es.toml"),
    ),
    (
        "fr",
        include_str!("../../static/words/fr.toml"),
        include_str!("../../static/words/countries.fr.toml"),
    ),
    (
        "pt-BR",
        include_str!("../../static/words/pt-BR.toml"),
        include_str!("../../static/words/countries.pt-BR.toml"),
    ),
];

/// The languages that pages can be read in. Never empty.
#[derive(Debug)]
pub struct Languages {
    first: Language,
    others: Vec<Language>,
}

impl Languages {
    pub fn built_in() -> Result<Self, Vec<Mistake>> {
        Self::parse(BUILT_IN)
    }

    /// The tags of the built-in ones, without reading any.
    pub fn built_in_tags() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(tag, ..)| *tag)
    }

    /// The built-in languages with other words for some of what they say, and further languages.
    /// `given`: name and text of each file, `fr.toml` or `countries.fr.toml`.
    pub fn with(given: &[(&str, &str)]) -> Result<Self, Vec<Mistake>> {
        let mut languages = Self::built_in()?;
        let mut mistakes = Vec::new();
        let mut given = Given::read(given, &languages, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(in_order(mistakes));
        }
        for (tag, words) in std::mem::take(&mut given.words) {
            if let Some(language) = languages.by_tag_mut(&tag) {
                language.amend(words);
                continue;
            }
            match given.language(&tag, words, &languages) {
                Ok(language) => languages.others.push(language),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        for (tag, named) in given.countries {
            if let Some(language) = languages.by_tag_mut(&tag) {
                language.name_countries(named);
            }
        }
        if mistakes.is_empty() { Ok(languages) } else { Err(in_order(mistakes)) }
    }

    /// Reads (tag, words, countries) of each language and refuses incomplete ones.
    pub fn parse(files: &[(&str, &str, &str)]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut all: Vec<Language> = Vec::new();
        for (tag, words, countries) in files {
            let file = format!("words/{tag}.toml");
            let before = mistakes.len();
            let read = WordsFile::read(&file, words, &mut mistakes);
            let plural = known_tag(&file, tag).map(|(_, plural)| plural);
            if let (Some(first), Ok(plural)) = (all.first(), plural) {
                mistakes.extend(read.judge(&file, &forms(&plural), first, Extent::Whole));
            }
            let named = countries_of(&format!("words/countries.{tag}.toml"), countries);
            match named.and_then(|named| Language::new(&file, tag, read, named)) {
                Ok(language) => all.push(language),
                Err(mistake) if mistakes.len() == before => mistakes.push(mistake),
                Err(_) => {}
            }
        }
        let mut all = all.into_iter();
        match all.next().filter(|_| mistakes.is_empty()) {
            Some(first) => Ok(Self { first, others: all.collect() }),
            None => Err(in_order(mistakes)),
        }
    }

    fn by_tag_mut(&mut self, tag: &str) -> Option<&mut Language> {
        let mut all = std::iter::once(&mut self.first).chain(&mut self.others);
        all.find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// What the others are measured by.
    pub(super) const fn first(&self) -> &Language {
        &self.first
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
