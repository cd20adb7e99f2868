use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fluent_langneg::LanguageIdentifier;
use intl_pluralrules::{PluralRuleType, PluralRules};

use super::file::{Direction, WordsFile};
use super::mistake::Mistake;
use super::safe::Safe;
use super::sentence::{CountedSentences, Form, Phrase, Sentence};
use crate::domain::Country;

/// The phrases and country names of one language.
pub struct Language {
    tag: String,
    pub(super) id: LanguageIdentifier,
    name: String,
    direction: Direction,
    reviewed_by: String,
    plural: PluralRules,
    pub(super) words: BTreeMap<String, Phrase>,
    countries: Vec<(Country, String)>,
}

impl Language {
    /// A language from a complete file that has been compared with the reference.
    pub(super) fn new(
        file: &str,
        tag: &str,
        words: WordsFile,
        countries: Vec<(Country, String)>,
    ) -> Result<Self, Mistake> {
        let lacks = |what: &str| Mistake::new(file, None, format!("lacks `{what}`"));
        let (id, plural) = known_tag(file, tag)?;
        Ok(Self {
            tag: tag.to_owned(),
            id,
            name: words.name.ok_or_else(|| lacks("name"))?,
            direction: words.direction.ok_or_else(|| lacks("dir"))?,
            reviewed_by: words.reviewed_by.ok_or_else(|| lacks("reviewed_by"))?,
            plural,
            words: words.words.into_iter().map(|(key, (_, phrase))| (key, phrase)).collect(),
            countries,
        })
    }

    /// Overrides phrases by those of a file that has been compared with the reference.
    pub(super) fn override_with(&mut self, words: WordsFile) {
        self.name = words.name.unwrap_or_else(|| std::mem::take(&mut self.name));
        self.direction = words.direction.unwrap_or(self.direction);
        self.reviewed_by =
            words.reviewed_by.unwrap_or_else(|| std::mem::take(&mut self.reviewed_by));
        self.words.extend(words.words.into_iter().map(|(key, (_, phrase))| (key, phrase)));
    }

    pub(super) fn set_countries(&mut self, countries: Vec<(Country, String)>) {
        self.countries = countries;
    }

    /// The BCP 47 tag, such as `en` or `pt-BR`.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The name of the language in the language itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Who reviewed the translation; `None` for a draft.
    pub fn reviewed_by(&self) -> Option<&str> {
        Some(self.reviewed_by.as_str()).filter(|name| !name.is_empty())
    }

    /// Countries with their names, in the alphabetical order of the language.
    pub fn countries(&self) -> &[(Country, String)] {
        &self.countries
    }

    pub fn country_name(&self, country: Country) -> Option<&str> {
        let found = self.countries.iter().find(|(named, _)| *named == country);
        found.map(|(_, name)| name.as_str())
    }

    /// The plural form of a whole number.
    fn form(&self, count: u64) -> Form {
        select(&self.plural, count)
    }

    pub(super) fn forms(&self) -> BTreeSet<Form> {
        forms(&self.plural)
    }

    pub(super) fn sentence(&self, key: &str, count: Option<u64>) -> Option<&Sentence> {
        match (self.words.get(key)?, count) {
            (Phrase::Plain(sentence), _) => Some(sentence),
            (Phrase::Counted(CountedSentences { forms, exact }), Some(count)) => exact
                .get(&count)
                .or_else(|| forms.get(&self.form(count)))
                .or_else(|| forms.get(&Form::Other)),
            (Phrase::Counted(_), None) => None,
        }
    }

    /// The phrase under `key`, which must have no placeholders.
    pub fn say(&self, key: &str) -> Option<Safe> {
        self.sentence(key, None)?.fill(|_| None).ok()
    }
}

/// The rules of the tag, or of its language if the regional tag has none.
fn plural_rules(tag: &str) -> Option<PluralRules> {
    let language = tag.split('-').next().unwrap_or(tag);
    [tag, language].iter().find_map(|tag| {
        let id: unic_langid::LanguageIdentifier = tag.parse().ok()?;
        PluralRules::create(id, PluralRuleType::CARDINAL).ok()
    })
}

/// Parses a tag.
///
/// # Errors
///
/// When it is not in canonical form or its plural rules are unknown.
pub(super) fn known_tag(
    file: &str,
    tag: &str,
) -> Result<(LanguageIdentifier, PluralRules), Mistake> {
    let unknown =
        || Mistake::new(file, None, format!("{tag} is not a language with known plural rules"));
    let id: LanguageIdentifier = tag.parse().map_err(|_| unknown())?;
    if id.to_string() != tag {
        return Err(Mistake::new(file, None, format!("{tag} must be written {id}")));
    }
    Ok((id, plural_rules(tag).ok_or_else(unknown)?))
}

fn select(rules: &PluralRules, count: u64) -> Form {
    rules.select(count).map_or(Form::Other, Form::from)
}

/// All plural forms that whole numbers take. Found by trying numbers, because the rules are code:
/// CLDR's cardinal rules repeat after 100, except for exact millions.
pub(super) fn forms(rules: &PluralRules) -> BTreeSet<Form> {
    let counts = (0..=200).chain([1_000_000]);
    counts.map(|count| select(rules, count)).chain([Form::Other]).collect()
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}
