//! What texts cost: their segments, and the characters that make them long.
use std::collections::BTreeSet;

use crate::config::{Config, LintedTexts};
use crate::domain::{Country, Money};
use crate::login::Countries;
use crate::words::{Encoding, Segments};

/// Texts of more than one segment, each of which is billed, and characters that halve a segment.
pub(super) fn texts(config: &Config) -> Vec<String> {
    let linted = config.linted_texts();
    let mut notes: Vec<String> =
        linted.iter().filter_map(|texts| segments(texts, config)).collect();
    notes.extend(built_in_segments(linted));
    notes.extend(characters(linted));
    notes
}

fn segments(texts: &LintedTexts, config: &Config) -> Option<String> {
    if texts.is_built_in {
        return None;
    }
    let (Segments { encoding, units, count }, label) = texts.lint.longest.as_ref()?;
    let (kind, room) = match encoding {
        Encoding::Gsm7 => ("characters of the GSM alphabet", 160),
        Encoding::Ucs2 => ("characters, not all of them in the GSM alphabet", 70),
    };
    let key = &texts.key;
    let whom = label.as_ref().map(|label| format!(" for {label}")).unwrap_or_default();
    (*count > 1).then(|| {
        format!("note: {key} makes texts of {count} segments{whom}, each of which is billed: {units} {kind}; one segment holds {room}{}", cost(config, *count))
    })
}

/// What a text of so many segments costs where it is dearest.
fn cost(config: &Config, segments: usize) -> String {
    let Countries::Only(served) = &config.login.countries else { return String::new() };
    let dearest =
        config.login.limits.prices().dearest(served, u32::try_from(segments).unwrap_or(u32::MAX));
    let said = |(country, amount): (Country, Money)| {
        format!("; up to {amount} for a text, to {}", country.as_str())
    };
    dearest.map(said).unwrap_or_default()
}

/// Of those that ship with Doorcode, one note: their words are short, and a host or a name is long.
fn built_in_segments(linted: &[LintedTexts]) -> Option<String> {
    let long = |texts: &&LintedTexts| {
        texts.is_built_in && texts.lint.longest.as_ref().is_some_and(|(size, _)| size.count > 1)
    };
    let keys: Vec<&str> = linted.iter().filter(long).map(|texts| texts.key.as_str()).collect();
    (!keys.is_empty()).then(|| {
        let keys = keys.join(", ");
        format!("note: the built-in texts of {keys} are of several segments, each of which is billed: the host of the login pages or a name in them is long")
    })
}

/// One note for each set of characters.
fn characters(linted: &[LintedTexts]) -> Vec<String> {
    let mut sets: Vec<(&BTreeSet<char>, Vec<&str>)> = Vec::new();
    for LintedTexts { key, lint, .. } in
        linted.iter().filter(|texts| !texts.lint.not_gsm.is_empty())
    {
        match sets.iter_mut().find(|(set, _)| *set == &lint.not_gsm) {
            Some((_, keys)) => keys.push(key),
            None => sets.push((&lint.not_gsm, vec![key])),
        }
    }
    let note = |(set, keys): (&BTreeSet<char>, Vec<&str>)| {
        let named: Vec<String> = set.iter().map(|c| named(*c)).collect();
        let (keys, named) = (keys.join(", "), named.join(", "));
        format!(
            "note: the texts of {keys} have {named}: not in the GSM alphabet, so that a segment holds 70 characters instead of 160"
        )
    };
    sets.into_iter().map(note).collect()
}

/// A character with its code point, and what to write instead.
fn named(c: char) -> String {
    let instead = match c {
        '‘' | '’' | '‚' | '′' => "'",
        '“' | '”' | '„' => "\"",
        '‐' | '‑' | '–' | '—' => "-",
        '…' => "...",
        '\u{a0}' | '\u{202f}' => "a blank",
        _ => "",
    };
    let shown = if c.is_whitespace() || c.is_control() { String::new() } else { format!("{c} ") };
    let code = format!("{shown}(U+{:04X})", u32::from(c));
    if instead.is_empty() { code } else { format!("{code}, instead of which write {instead}") }
}
