use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fluent_langneg::LanguageIdentifier;
use intl_pluralrules::{PluralRuleType, PluralRules};
use serde::Deserialize;

use super::sentence::{Form, Phrase, Sentence};
use super::{LanguageError, Safe};
use crate::domain::Country;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Ltr,
    Rtl,
}

impl Direction {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }
}

/// Everything the product can say in one language.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    name: String,
    dir: Direction,
    reviewed_by: String,
    words: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String),
    Counted(BTreeMap<Form, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountriesFile {
    names: Vec<(String, String)>,
}

impl Language {
    pub(super) fn parse(tag: &str, words: &str, countries: &str) -> Result<Self, LanguageError> {
        let unreadable = |error| LanguageError::Unreadable { tag: tag.to_owned(), error };
        let unknown = || LanguageError::UnknownTag { tag: tag.to_owned() };
        let words: WordsFile = toml::from_str(words).map_err(unreadable)?;
        let countries: CountriesFile = toml::from_str(countries).map_err(unreadable)?;
        Ok(Self {
            tag: tag.to_owned(),
            id: tag.parse().map_err(|_| unknown())?,
            name: words.name,
            direction: words.dir,
            reviewed_by: words.reviewed_by,
            plural: plural_rules(tag).ok_or_else(unknown)?,
            words: words.words.into_iter().map(|(key, entry)| (key, entry.into())).collect(),
            countries: countries.names.into_iter().filter_map(known).collect(),
        })
    }

    /// The BCP 47 tag, such as `en` or `pt-BR`.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What its speakers call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Who has read the words; `None` for a draft.
    pub fn reviewed_by(&self) -> Option<&str> {
        Some(self.reviewed_by.as_str()).filter(|name| !name.is_empty())
    }

    /// Countries and their names in this language, in its own alphabetical order.
    pub fn countries(&self) -> &[(Country, String)] {
        &self.countries
    }

    pub fn country_name(&self, country: Country) -> Option<&str> {
        let found = self.countries.iter().find(|(named, _)| *named == country);
        found.map(|(_, name)| name.as_str())
    }

    /// The plural form that a whole number takes.
    fn form(&self, count: u64) -> Form {
        self.plural.select(count).map_or(Form::Other, Form::from)
    }

    /// Every form that some whole number takes. The rules are code, not a list, so they are asked:
    /// all of CLDR's cardinal rules repeat after 100, save for exact millions.
    pub(super) fn forms(&self) -> BTreeSet<Form> {
        (0..=200).chain([1_000_000]).map(|count| self.form(count)).chain([Form::Other]).collect()
    }

    pub(super) fn sentence(&self, key: &str, count: Option<u64>) -> Option<&Sentence> {
        match (self.words.get(key)?, count) {
            (Phrase::Plain(sentence), _) => Some(sentence),
            (Phrase::Counted(forms), Some(count)) => {
                forms.get(&self.form(count)).or_else(|| forms.get(&Form::Other))
            }
            (Phrase::Counted(_), None) => None,
        }
    }

    /// Every form of a counted phrase as `data-` attributes, `{count}` left open: a script counts
    /// seconds down and asks the browser which form a number takes.
    pub(super) fn data_forms(&self, key: &str) -> Option<Safe> {
        let Phrase::Counted(forms) = self.words.get(key)? else {
            return None;
        };
        let attribute = |(form, sentence): (&Form, &Sentence)| {
            let open = |name: &str| (name == "count").then(|| Safe::from_static("{count}"));
            let text = sentence.fill(open).ok()?;
            Some(Safe::rendered(format!(" data-{}=\"{text}\"", form.name())))
        };
        Some(Safe::concat(&forms.iter().map(attribute).collect::<Option<Vec<_>>>()?))
    }
}

/// A regional tag that has no rules of its own follows its language.
fn plural_rules(tag: &str) -> Option<PluralRules> {
    let language = tag.split('-').next().unwrap_or(tag);
    [tag, language].iter().find_map(|tag| {
        let id: unic_langid::LanguageIdentifier = tag.parse().ok()?;
        PluralRules::create(id, PluralRuleType::CARDINAL).ok()
    })
}

/// CLDR names more territories than have telephone numbers.
fn known((letters, name): (String, String)) -> Option<(Country, String)> {
    Some((Country::parse(&letters).ok()?, name))
}

impl From<Entry> for Phrase {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Plain(text) => Self::Plain(Sentence::parse(&text)),
            Entry::Counted(forms) => {
                let cut = |(form, text): (Form, String)| (form, Sentence::parse(&text));
                Self::Counted(forms.into_iter().map(cut).collect())
            }
        }
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}
