use std::collections::BTreeSet;

use super::file::{WordsFile, listed};
use super::language::Language;
use super::mistake::Mistake;
use super::sentence::{Form, Phrase};

/// What a words file must contain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything: the file adds a language.
    Complete,
    /// Any of the keys: the file overrides phrases of a built-in language.
    Override,
}

impl WordsFile {
    /// What is missing or wrong in comparison with the `reference` language. `forms` are the plural
    /// forms that the file's own language needs.
    pub(super) fn compare(
        &self,
        file: &str,
        forms: &BTreeSet<Form>,
        reference: &Language,
        extent: Extent,
    ) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (key, (line, phrase)) in &self.words {
            let wrong = match reference.words.get(key) {
                Some(same) => wrong_phrase(phrase, same, forms, extent),
                None => Some(unknown_key(key, reference)),
            };
            let text = wrong.map(|wrong| format!("`{key}` {wrong}"));
            mistakes.extend(text.map(|text| Mistake::new(file, Some(*line), text)));
        }
        if extent == Extent::Override {
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
        let absent = || reference.words.keys().filter(|key| !self.words.contains_key(*key));
        if absent().next().is_some() {
            let text = format!("lacks the keys {}", listed(absent().map(String::as_str)));
            mistakes.push(Mistake::new(file, None, text));
        }
        mistakes
    }
}

/// What is wrong with a phrase in comparison with the reference's, if anything.
fn wrong_phrase(
    phrase: &Phrase,
    reference: &Phrase,
    needed: &BTreeSet<Form>,
    extent: Extent,
) -> Option<String> {
    let wrong_forms = match (phrase.forms(), reference.forms()) {
        (None, None) => None,
        (Some(given), Some(_)) => wrong_forms(&given, needed),
        (None, Some(_)) => Some(format!("needs the plural forms {}", form_names(needed))),
        (Some(_), None) => Some("has no plural forms: write one string".to_owned()),
    };
    wrong_forms.or_else(|| wrong_blanks(&phrase.blanks(), &reference.blanks(), extent))
}

fn wrong_forms(given: &BTreeSet<Form>, needed: &BTreeSet<Form>) -> Option<String> {
    let missing: Vec<&Form> = needed.difference(given).collect();
    if !missing.is_empty() {
        return Some(format!("lacks the plural forms {}", form_names(missing)));
    }
    // Newer CLDR rules than ours have `many` for exact millions in some languages.
    let spare: Vec<&Form> = given.difference(needed).filter(|form| **form != Form::Many).collect();
    if !spare.is_empty() {
        let names = form_names(spare);
        return Some(format!("has plural forms that this language does not have: {names}"));
    }
    None
}

fn wrong_blanks(given: &BTreeSet<&str>, known: &BTreeSet<&str>, extent: Extent) -> Option<String> {
    if let Some(blank) = given.difference(known).next() {
        let known =
            if known.is_empty() { "none".to_owned() } else { listed(known.iter().copied()) };
        return Some(format!("has the placeholder {{{blank}}}; there are: {known}"));
    }
    // An override may omit a placeholder, a translation may not.
    match known.difference(given).next() {
        Some(blank) if extent == Extent::Complete => {
            Some(format!("lacks the placeholder {{{blank}}}"))
        }
        _ => None,
    }
}

fn form_names<'f>(forms: impl IntoIterator<Item = &'f Form>) -> String {
    listed(forms.into_iter().map(|form| form.name()))
}

fn unknown_key(key: &str, reference: &Language) -> String {
    let distances = reference.words.keys().map(|known| (strsim::osa_distance(key, known), known));
    match distances.min_by_key(|(distance, _)| *distance) {
        Some((distance, known)) if distance <= known.len() / 3 => {
            format!("is not a known key; did you mean `{known}`?")
        }
        _ => "is not a known key".to_owned(),
    }
}
