use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Lines, Mistake};
use super::sentence::{CountedSentences, Form, Phrase, Sentence};
use crate::domain::Country;

/// The writing direction of a language (HTML `dir`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A words file as parsed, each phrase with its line. Walked instead of deserialised, so that all
/// mistakes are reported, with their lines.
#[derive(Default)]
pub(super) struct WordsFile {
    pub(super) name: Option<String>,
    pub(super) direction: Option<Direction>,
    pub(super) reviewed_by: Option<String>,
    pub(super) words: BTreeMap<String, (usize, Phrase)>,
}

struct Walk<'a> {
    file: &'a str,
    lines: Lines,
    mistakes: &'a mut Vec<Mistake>,
}

impl WordsFile {
    /// Parses `text`. What cannot be parsed is reported in `mistakes` and left out.
    pub(super) fn read(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let mut read = Self::default();
        match DeTable::parse(text) {
            Ok(table) => {
                let lines = Lines::of(text);
                Walk { file, lines, mistakes }.top(table.get_ref(), &mut read);
            }
            Err(error) => mistakes.push(not_toml(file, text, &error)),
        }
        read
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
                    Some(words) => self.phrases(words, &mut read.words),
                    None => self.note(value, "`words` is not a table"),
                },
                ("name" | "reviewed_by", None) => self.note(value, "is not a string"),
                (other, _) => {
                    let text = format!(
                        "`{other}` is not one of name, dir, reviewed_by and the table [words]"
                    );
                    self.note(value, text);
                }
            }
        }
    }

    fn phrases(&mut self, table: &DeTable<'_>, words: &mut BTreeMap<String, (usize, Phrase)>) {
        for (key, value) in table {
            let phrase = match value.get_ref() {
                DeValue::String(text) => Some(Phrase::Plain(Sentence::parse(text))),
                DeValue::Table(forms) => self.forms(forms),
                _ => {
                    self.note(value, format!("`{}` is not a string", key.get_ref()));
                    None
                }
            };
            let line = self.lines.at(value.span().start);
            words.extend(phrase.map(|phrase| (key.get_ref().to_string(), (line, phrase))));
        }
    }

    fn forms(&mut self, table: &DeTable<'_>) -> Option<Phrase> {
        let before = self.mistakes.len();
        let mut counted = CountedSentences::default();
        for (name, value) in table {
            let form = Form::ALL.into_iter().find(|form| form.name() == name.get_ref());
            let number = name.get_ref().parse().ok();
            match (form, number, value.get_ref().as_str()) {
                (Some(form), _, Some(text)) => {
                    counted.forms.insert(form, Sentence::parse(text));
                }
                (None, Some(number), Some(text)) => {
                    counted.exact.insert(number, Sentence::parse(text));
                }
                (None, None, _) => {
                    let known = listed(Form::ALL.into_iter().map(Form::name));
                    let text = format!("`{}` is not a plural form; known: {known}", name.get_ref());
                    self.note(value, text);
                }
                (.., None) => self.note(value, "is not a string"),
            }
        }
        (self.mistakes.len() == before).then_some(Phrase::Counted(counted))
    }

    fn note(&mut self, at: &Spanned<DeValue<'_>>, text: impl Into<String>) {
        let line = self.lines.at(at.span().start);
        self.mistakes.push(Mistake::new(self.file, Some(line), text));
    }
}

pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn not_toml(file: &str, text: &str, error: &toml::de::Error) -> Mistake {
    let line = error.span().map(|span| Lines::of(text).at(span.start));
    Mistake::new(file, line, format!("not TOML: {}", error.message()))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CountriesFile {
    names: Vec<(String, String)>,
}

/// Parses a file of country names, in the file's order. CLDR names more territories than have
/// telephone numbers; those are skipped.
///
/// # Errors
///
/// When the text is not TOML of that form.
pub(super) fn countries(file: &str, text: &str) -> Result<Vec<(Country, String)>, Mistake> {
    let read: CountriesFile = toml::from_str(text).map_err(|error| not_toml(file, text, &error))?;
    let named = read.names.into_iter();
    Ok(named.filter_map(|(code, name)| Some((Country::parse(&code).ok()?, name))).collect())
}
