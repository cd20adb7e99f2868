use fluent_langneg::{NegotiationStrategy, negotiate_languages};

use super::accept;
use super::built_in::BUILT_IN;
use super::completeness::Extent;
use super::file::{self, WordsFile};
use super::language::{Language, forms, known_tag};
use super::mistake::{Mistake, in_order};

/// The languages of the pages. Never empty.
#[derive(Debug)]
pub struct Languages {
    first: Language,
    pub(super) others: Vec<Language>,
}

impl Languages {
    /// The language of pages and texts for people whose own is not there.
    pub const FALLBACK_TAG: &'static str = BUILT_IN[0].0;

    /// # Errors
    ///
    /// When a built-in file is incomplete.
    pub fn built_in() -> Result<Self, Vec<Mistake>> {
        Self::built_in_of(&[])
    }

    /// The tags of the built-in languages, without parsing their files.
    pub fn built_in_tags() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(tag, ..)| *tag)
    }

    /// Parses (tag, words, countries) of each language.
    ///
    /// # Errors
    ///
    /// When a file is malformed or incomplete.
    pub fn parse(files: &[(&str, &str, &str)]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut all: Vec<Language> = Vec::new();
        for (tag, words, countries) in files {
            let file = format!("words/{tag}.toml");
            let before = mistakes.len();
            let read = WordsFile::read(&file, words, &mut mistakes);
            let plural = known_tag(&file, tag).map(|(_, plural)| plural);
            if let (Some(first), Ok(plural)) = (all.first(), plural) {
                mistakes.extend(read.compare(&file, &forms(&plural), first, Extent::Complete));
            }
            let named = file::countries(&format!("words/countries.{tag}.toml"), countries);
            match named.and_then(|named| Language::new(&file, tag, read, named)) {
                Ok(language) => all.push(language),
                Err(mistake) if mistakes.len() == before => mistakes.push(mistake),
                Err(_) => {}
            }
        }
        let mut parsed = all.into_iter();
        match parsed.next().filter(|_| mistakes.is_empty()) {
            Some(first) => Ok(Self { first, others: parsed.collect() }),
            None => Err(in_order(mistakes)),
        }
    }

    /// Parses those built-in languages that are `chosen`, and the first of all, which is the
    /// reference; everything where nothing is chosen.
    ///
    /// # Errors
    ///
    /// When a built-in file is incomplete.
    pub(super) fn built_in_of(chosen: &[String]) -> Result<Self, Vec<Mistake>> {
        let is_chosen = |tag: &str| {
            chosen.is_empty() || tag == Self::FALLBACK_TAG || chosen.iter().any(|c| c == tag)
        };
        let wanted = BUILT_IN.iter().filter(|(tag, ..)| is_chosen(tag));
        Self::parse(&wanted.copied().collect::<Vec<_>>())
    }

    /// Keeps the languages with these tags, in this order; all where there are none. The first of
    /// them is that of people whose own is not there.
    ///
    /// # Errors
    ///
    /// With the tag of the first that there is not.
    pub(super) fn in_order_of(self, tags: &[String]) -> Result<Self, String> {
        let mut all: Vec<Language> = std::iter::once(self.first).chain(self.others).collect();
        let mut chosen = Vec::with_capacity(all.len());
        for tag in tags {
            let at = all.iter().position(|language| language.tag() == tag);
            chosen.push(all.swap_remove(at.ok_or_else(|| tag.clone())?));
        }
        let mut kept = if tags.is_empty() { all } else { chosen }.into_iter();
        let first = kept.next().ok_or_else(String::new)?;
        Ok(Self { first, others: kept.collect() })
    }

    pub(super) fn by_tag_mut(&mut self, tag: &str) -> Option<&mut Language> {
        let mut all = std::iter::once(&mut self.first).chain(&mut self.others);
        all.find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The reference for the others.
    pub(super) const fn first(&self) -> &Language {
        &self.first
    }

    pub fn iter(&self) -> impl Iterator<Item = &Language> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub fn by_tag(&self, tag: &str) -> Option<&Language> {
        self.iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language of a page: that of `lang=` if available, else the best match of
    /// `Accept-Language`, else the first.
    pub fn negotiate(&self, query_lang: Option<&str>, accept_language: Option<&str>) -> &Language {
        [query_lang, accept_language]
            .into_iter()
            .flatten()
            .find_map(|header| self.best_match(header))
            .unwrap_or(&self.first)
    }

    /// The best match of an `Accept-Language` header.
    pub fn best_match(&self, header: &str) -> Option<&Language> {
        let requested = accept::languages(header);
        let available: Vec<_> = self.iter().map(|language| language.id.clone()).collect();
        let found = negotiate_languages(&requested, &available, None, NegotiationStrategy::Lookup);
        let id = found.first()?;
        self.iter().find(|language| language.id == **id)
    }
}
