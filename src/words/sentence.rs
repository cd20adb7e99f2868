use std::collections::{BTreeMap, BTreeSet};

use intl_pluralrules::PluralCategory;

use super::safe::Safe;

/// The plural categories of CLDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Zero,
    One,
    Two,
    Few,
    Many,
    Other,
}

impl Form {
    pub(super) const ALL: [Self; 6] =
        [Self::Zero, Self::One, Self::Two, Self::Few, Self::Many, Self::Other];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::One => "one",
            Self::Two => "two",
            Self::Few => "few",
            Self::Many => "many",
            Self::Other => "other",
        }
    }
}

impl From<PluralCategory> for Form {
    fn from(category: PluralCategory) -> Self {
        match category {
            PluralCategory::ZERO => Self::Zero,
            PluralCategory::ONE => Self::One,
            PluralCategory::TWO => Self::Two,
            PluralCategory::FEW => Self::Few,
            PluralCategory::MANY => Self::Many,
            PluralCategory::OTHER => Self::Other,
        }
    }
}

/// A sentence with named placeholders, parsed once. Values are not searched for placeholders.
#[derive(Debug)]
pub(super) struct Sentence(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(Safe),
    Blank(String),
}

impl Sentence {
    /// `{name}` is a placeholder; an unmatched brace is text.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_blank(rest) {
            pieces.push(Piece::Text(Safe::escape(before)));
            pieces.push(Piece::Blank(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(Safe::escape(rest)));
        Self(pieces)
    }

    pub(super) fn blanks(&self) -> BTreeSet<&str> {
        self.0.iter().filter_map(Piece::blank).collect()
    }

    /// Fills the placeholders.
    ///
    /// # Errors
    ///
    /// With the name of the first placeholder that `fill` has no value for.
    pub(super) fn fill(&self, fill: impl Fn(&str) -> Option<Safe>) -> Result<Safe, &str> {
        let mut parts = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            parts.push(match piece {
                Piece::Text(text) => text.clone(),
                Piece::Blank(name) => fill(name).ok_or(name.as_str())?,
            });
        }
        Ok(Safe::concat(&parts))
    }
}

impl Piece {
    fn blank(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Blank(name) => Some(name),
        }
    }
}

fn next_blank(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// The value of a key in a words file.
#[derive(Debug)]
pub(super) enum Phrase {
    Plain(Sentence),
    Counted(CountedSentences),
}

/// One sentence per plural form, and maybe others for single numbers: English says "a 6-digit code"
/// and "an 8-digit code".
#[derive(Debug, Default)]
pub(super) struct CountedSentences {
    pub(super) forms: BTreeMap<Form, Sentence>,
    pub(super) exact: BTreeMap<u64, Sentence>,
}

impl CountedSentences {
    fn all(&self) -> impl Iterator<Item = &Sentence> {
        self.forms.values().chain(self.exact.values())
    }
}

impl Phrase {
    pub(super) fn blanks(&self) -> BTreeSet<&str> {
        match self {
            Self::Plain(sentence) => sentence.blanks(),
            Self::Counted(counted) => counted.all().flat_map(Sentence::blanks).collect(),
        }
    }

    pub(super) fn forms(&self) -> Option<BTreeSet<Form>> {
        match self {
            Self::Plain(_) => None,
            Self::Counted(counted) => Some(counted.forms.keys().copied().collect()),
        }
    }
}
