use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::language::Direction;
use super::mistake::line_of;
use super::sentence::{Form, Phrase, Sentence};
use super::{Language, Mistake};
use crate::domain::Country;

/// A file of words as it was written, each phrase with its line. Walked and not deserialised,
/// because whoever translates must be told all mistakes and where they are.
#[derive(Default)]
pub(super) struct WordsFile {
    pub(super) name: Option<String>,
    pub(super) direction: Option<Direction>,
    pub(super) reviewed_by: Option<String>,
    pub(super) words: BTreeMap<String, (usize, Phrase)>,
}

/// How much a file must say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// A language of its own: everything.
    Whole,
    /// Other words for some keys.
    Part,
}

struct Walk<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl WordsFile {
    /// Reads what can be read; what cannot is added to `mistakes`.
    pub(super) fn read(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let mut read = Self::default();
        match DeTable::parse(text) {
            Ok(table) => Walk { file, text, mistakes }.top(table.get_ref(), &mut read),
            Err(error) => mistakes.push(not_toml(file, text, &error)),
        }
        read
    }

    /// Judges the words of `language` by those of `model`.
    pub(super) fn judge(
        &self,
        file: &str,
        forms: &BTreeSet<Form>,
        model: &Language,
        extent: Extent,
    ) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (key, (line, phrase)) in &self.words {
            let wrong = match model.words.get(key) {
                Some(same) => wrong_phrase(phrase, same, forms, extent),
                None => Some(unknown_key(key, model)),
            };
            let text = wrong.map(|wrong| format!("`{key}` {wrong}"));
            mistakes.extend(text.map(|text| Mistake::new(file, Some(*line), text)));
        }
        if extent == Extent::Part {
            return mistakes;
        }
        let heads = [
            ("name", self.name.is_none()),
            ("dir", self.direction.is_none()),
            ("reviewed_by", self.reviewed_by.is_none()),
        ];
        for (head, _) in heads.into_iter().filter(|(_, absent)| *absent) {
            mistakes.push(Mistake::new(file, None, format!("lacks `{head}`")));
        }
        let absent = || model.words.keys().filter(|key| !self.words.contains_key(*key));
        if absent().next().is_some() {
            let text = format!("lacks the words {}", listed(absent().map(String::as_str)));
            mistakes.push(Mistake::new(file, None, text));
        }
        mistakes
    }
}

impl Walk<'_> {
    fn top(&mut self, table: &DeTable<'_>, read: &mut WordsFile) {
        for (key, value) in table {
            let found = value.get_ref();
            match (key.get_ref().as_ref(), found.as_str()) {
                ("name", Some(name)) => read.name = Some(name.to_owned()),
                ("reviewed_by", Some(name)) => read.reviewed_by = Some(name.to_owned()),
                ("dir", Some("ltr")) => read.direction = Some(Direction::Ltr),
                ("dir", Some("rtl")) => read.direction = Some(Direction::Rtl),
                ("dir", _) => self.note(value, "`dir` is neither \"ltr\" nor \"rtl\""),
                ("words", _) => match found.as_table() {
                    Some(words) => self.words(words, &mut read.words),
                    None => self.note(value, "`words` is not a table"),
                },
                ("name" | "reviewed_by", None) => self.note(value, "is not a text in quotes"),
                (other, _) => {
                    let text = format!(
                        "`{other}` is none of name, dir, reviewed_by and the table [words]"
                    );
                    self.note(value, text);
                }
            }
        }
    }

    fn words(&mut self, table: &DeTable<'_>, words: &mut BTreeMap<String, (usize, Phrase)>) {
        for (key, value) in table {
            let phrase = match value.get_ref() {
                DeValue::String(text) => Some(Phrase::Plain(Sentence::parse(text))),
                DeValue::Table(forms) => self.forms(forms),
                _ => {
                    self.note(value, format!("`{}` is not a text in quotes", key.get_ref()));
                    None
                }
            };
            let line = line_of(self.text, value.span().start);
            words.extend(phrase.map(|phrase| (key.get_ref().to_string(), (line, phrase))));
        }
    }

    fn forms(&mut self, table: &DeTable<'_>) -> Option<Phrase> {
        let before = self.mistakes.len();
        let mut forms = BTreeMap::new();
        for (name, value) in table {
            let form = Form::ALL.into_iter().find(|form| form.name() == name.get_ref());
            match (form, value.get_ref().as_str()) {
                (Some(form), Some(text)) => {
                    forms.insert(form, Sentence::parse(text));
                }
                (None, _) => {
                    let known = listed(Form::ALL.into_iter().map(Form::name));
                    let text = format!("`{}` is no plural form; there are {known}", name.get_ref());
                    self.note(value, text);
                }
                (_, None) => self.note(value, "is not a text in quotes"),
            }
        }
        (self.mistakes.len() == before).then_some(Phrase::Counted(forms))
    }

    fn note(&mut self, at: &Spanned<DeValue<'_>>, text: impl Into<String>) {
        let line = line_of(self.text, at.span().start);
        self.mistakes.push(Mistake::new(self.file, Some(line), text));
    }
}

fn wrong_phrase(
    phrase: &Phrase,
    same: &Phrase,
    needed: &BTreeSet<Form>,
    extent: Extent,
) -> Option<String> {
    let names = |forms: &[Form]| listed(forms.iter().map(|form| form.name()));
    let given = match (phrase.forms(), same.forms()) {
        (None, None) => None,
        (Some(given), Some(_)) => Some(given),
        (None, Some(_)) => {
            let needed: Vec<Form> = needed.iter().copied().collect();
            return Some(format!("counts: write its plural forms {}", names(&needed)));
        }
        (Some(_), None) => return Some("does not count: write one text".to_owned()),
    };
    if let Some(given) = given {
        let absent: Vec<Form> = needed.difference(&given).copied().collect();
        // Newer rules than ours have `many` for exact millions in some languages.
        let spare = given.difference(needed).copied().filter(|form| *form != Form::Many);
        let spare: Vec<Form> = spare.collect();
        if !absent.is_empty() {
            return Some(format!("lacks the plural forms {}", names(&absent)));
        }
        if !spare.is_empty() {
            return Some(format!("has plural forms this language has not: {}", names(&spare)));
        }
    }
    let (blanks, known) = (phrase.blanks(), same.blanks());
    if let Some(blank) = blanks.difference(&known).next() {
        let known =
            if known.is_empty() { "none".to_owned() } else { listed(known.iter().copied()) };
        return Some(format!("has the blank {{{blank}}}; there are: {known}"));
    }
    // A person may be told less than we would tell, but a translation leaves nothing out.
    let left_out = known.difference(&blanks).next().filter(|_| extent == Extent::Whole);
    left_out.map(|blank| format!("lacks the blank {{{blank}}}"))
}

fn unknown_key(key: &str, model: &Language) -> String {
    let distance = |known: &str| strsim::osa_distance(key, known);
    let nearest = model.words.keys().min_by_key(|known| distance(known));
    let nearest = nearest.filter(|known| distance(known) <= known.len() / 3);
    let hint = nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
    format!("is said nowhere{hint}")
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn not_toml(file: &str, text: &str, error: &toml::de::Error) -> Mistake {
    let line = error.span().map(|span| line_of(text, span.start));
    Mistake::new(file, line, format!("not TOML: {}", error.message()))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CountriesFile {
    names: Vec<(String, String)>,
}

/// Reads a file of names of countries, in their order there. CLDR names more territories than
/// have telephone numbers: those are left out.
pub(super) fn countries(file: &str, text: &str) -> Result<Vec<(Country, String)>, Mistake> {
    let read: CountriesFile = toml::from_str(text).map_err(|error| not_toml(file, text, &error))?;
    let known = |(letters, name): (String, String)| Some((Country::parse(&letters).ok()?, name));
    Ok(read.names.into_iter().filter_map(known).collect())
}
