//! The files of words that an operator's folder holds.
use std::collections::{BTreeMap, BTreeSet};

use super::file::{self, Extent, WordsFile};
use super::language::{forms, known_tag};
use super::{Language, Languages, Mistake};
use crate::domain::Country;

/// What is fit to be used of them, by the tag of the language.
#[derive(Default)]
pub(super) struct Given {
    pub(super) words: Vec<(String, WordsFile)>,
    pub(super) countries: BTreeMap<String, Vec<(Country, String)>>,
}

/// What a file is called in messages.
fn path(name: &str) -> String {
    format!("words/{name}")
}

impl Given {
    pub(super) fn read(
        files: &[(&str, &str)],
        languages: &Languages,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
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
                mistakes.extend(judge(&file, stem, &words, languages));
                given.words.push((stem.to_owned(), words));
            }
        }
        let spoken = |tag: &str| {
            languages.by_tag(tag).is_some() || given.words.iter().any(|(other, _)| other == tag)
        };
        for tag in given.countries.keys().filter(|tag| !spoken(tag)) {
            let text = format!("names countries for a language that is not there: add {tag}.toml");
            mistakes.push(Mistake::new(&path(&format!("countries.{tag}.toml")), None, text));
        }
        given
    }

    /// A further language. Without names of countries of its own it has those of the first.
    pub(super) fn language(
        &self,
        tag: &str,
        words: WordsFile,
        languages: &Languages,
    ) -> Result<Language, Mistake> {
        let named = self.countries.get(tag).map(Vec::as_slice);
        let named = named.unwrap_or_else(|| languages.first().countries()).to_vec();
        Language::new(&path(&format!("{tag}.toml")), tag, words, named)
    }
}

fn judge(file: &str, tag: &str, words: &WordsFile, languages: &Languages) -> Vec<Mistake> {
    let model = languages.first();
    if let Some(known) = languages.by_tag(tag) {
        return words.judge(file, &known.forms(), model, Extent::Part);
    }
    match known_tag(file, tag) {
        Ok((_, plural)) => words.judge(file, &forms(&plural), model, Extent::Whole),
        Err(mistake) => vec![mistake],
    }
}

/// A country without a name could not be chosen, so none may be left out.
fn countries(file: &str, text: &str) -> Result<Vec<(Country, String)>, Mistake> {
    let named = file::countries(file, text)?;
    let known: BTreeSet<Country> = named.iter().map(|(country, _)| *country).collect();
    let absent: Vec<Country> = Country::all().into_iter().filter(|c| !known.contains(c)).collect();
    if absent.is_empty() {
        return Ok(named);
    }
    let absent = absent.iter().map(Country::as_str).collect::<Vec<_>>().join(", ");
    Err(Mistake::new(file, None, format!("lacks the countries {absent}")))
}
