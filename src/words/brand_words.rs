//! The words files of the brand folder.
use std::collections::{BTreeMap, BTreeSet};

use super::completeness::Extent;
use super::file::{self, WordsFile, listed};
use super::language::{Language, forms, known_tag};
use super::languages::Languages;
use super::mistake::{Mistake, in_order};
use crate::domain::Country;

/// The parsed files, by language tag.
#[derive(Default)]
struct BrandWords {
    words: Vec<(String, WordsFile)>,
    countries: BTreeMap<String, Vec<(Country, String)>>,
}

/// The name of a file in messages.
fn path(name: &str) -> String {
    format!("words/{name}")
}

impl Languages {
    /// The built-in languages, overridden and extended by files. `files` holds the name and text of
    /// each, `fr.toml` or `countries.fr.toml`; `chosen` the tags of those that are kept, in order,
    /// none for all.
    ///
    /// # Errors
    ///
    /// When a file is malformed or of a language that is not chosen, when one that adds a language is
    /// incomplete, or when a chosen language is missing.
    pub fn with(files: &[(&str, &str)], chosen: &[String]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = not_chosen(files, chosen);
        if !mistakes.is_empty() {
            return Err(in_order(mistakes));
        }
        let mut languages = Self::built_in_of(chosen)?;
        let mut given = BrandWords::read(files, &languages, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(in_order(mistakes));
        }
        for (tag, words) in std::mem::take(&mut given.words) {
            if let Some(language) = languages.by_tag_mut(&tag) {
                language.override_with(words);
                continue;
            }
            match given.language(&tag, words, &languages) {
                Ok(language) => languages.others.push(language),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        for (tag, named) in given.countries {
            if let Some(language) = languages.by_tag_mut(&tag) {
                language.set_countries(named);
            }
        }
        if !mistakes.is_empty() {
            return Err(in_order(mistakes));
        }
        languages.in_order_of(chosen).map_err(|tag| {
            vec![Mistake::new(&path(&format!("{tag}.toml")), None, "is missing: no such language")]
        })
    }
}

/// The files of languages that the pages are not in. Where nothing is chosen, there are none.
fn not_chosen(files: &[(&str, &str)], chosen: &[String]) -> Vec<Mistake> {
    let is_chosen = |name: &str| {
        let stem = name.strip_suffix(".toml").unwrap_or(name);
        let tag = stem.strip_prefix("countries.").unwrap_or(stem);
        chosen.is_empty() || chosen.iter().any(|chosen| chosen == tag)
    };
    let others = files.iter().filter(|(name, _)| !is_chosen(name));
    let text = "is of a language that brand.languages does not list";
    others.map(|(name, _)| Mistake::new(&path(name), None, text)).collect()
}

impl BrandWords {
    fn read(files: &[(&str, &str)], languages: &Languages, mistakes: &mut Vec<Mistake>) -> Self {
        let mut given = Self::default();
        for (name, text) in files {
            let Some(stem) = name.strip_suffix(".toml") else {
                let text = "is neither TAG.toml nor countries.TAG.toml, such as fr.toml";
                mistakes.push(Mistake::new(&path(name), None, text));
                continue;
            };
            let file = path(name);
            if let Some(tag) = stem.strip_prefix("countries.") {
                match countries(&file, text) {
                    Ok(named) => drop(given.countries.insert(tag.to_owned(), named)),
                    Err(mistake) => mistakes.push(mistake),
                }
            } else {
                let words = WordsFile::read(&file, text, mistakes);
                mistakes.extend(compare(&file, stem, &words, languages));
                given.words.push((stem.to_owned(), words));
            }
        }
        let has_language = |tag: &str| {
            languages.by_tag(tag).is_some() || given.words.iter().any(|(other, _)| other == tag)
        };
        for tag in given.countries.keys().filter(|tag| !has_language(tag)) {
            let text = format!("names countries of a language that does not exist: add {tag}.toml");
            mistakes.push(Mistake::new(&path(&format!("countries.{tag}.toml")), None, text));
        }
        given
    }

    /// An additional language. Without country names of its own it has those of the first.
    fn language(
        &self,
        tag: &str,
        words: WordsFile,
        languages: &Languages,
    ) -> Result<Language, Mistake> {
        let own = self.countries.get(tag).map(Vec::as_slice);
        let countries = own.unwrap_or_else(|| languages.first().countries()).to_vec();
        Language::new(&path(&format!("{tag}.toml")), tag, words, countries)
    }
}

fn compare(file: &str, tag: &str, words: &WordsFile, languages: &Languages) -> Vec<Mistake> {
    let reference = languages.first();
    if let Some(known) = languages.by_tag(tag) {
        return words.compare(file, &known.forms(), reference, Extent::Override);
    }
    match known_tag(file, tag) {
        Ok((_, plural)) => words.compare(file, &forms(&plural), reference, Extent::Complete),
        Err(mistake) => vec![mistake],
    }
}

/// Parses a file of country names. None may be missing: a country without a name could not be
/// selected.
fn countries(file: &str, text: &str) -> Result<Vec<(Country, String)>, Mistake> {
    let named = file::countries(file, text)?;
    let known: BTreeSet<Country> = named.iter().map(|(country, _)| *country).collect();
    let absent: Vec<Country> = Country::all().into_iter().filter(|c| !known.contains(c)).collect();
    if absent.is_empty() {
        return Ok(named);
    }
    let codes = listed(absent.iter().map(Country::as_str));
    Err(Mistake::new(file, None, format!("lacks the countries {codes}")))
}
