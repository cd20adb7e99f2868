use std::fmt;

/// A place in the operator's file, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Where to point when what is wrong is that nothing is there.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place of the byte `offset` of `text`.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before: Vec<char> =
            text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, c)| c).collect();
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        Self { line, column }
    }
}

/// One mistake: where it is, of which key, what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `None`: the file as a whole, because it could not be read.
    pub at: Option<Place>,
    /// In full, such as `site[2].rule[1].path`, counted from 1; empty where the text is not TOML.
    pub key: String,
    pub text: String,
}

/// All that is wrong with a file, in the order of its lines. `Display` gives one line for each:
/// `my.toml:12:3: login.tries: 99 is not between 1 and 5`. Never holds a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(file: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        Self { file: file.to_owned(), list }
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn list(&self) -> &[Problem] {
        &self.list
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Problem { at, key, text }) in self.list.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "\n" })?;
            f.write_str(&self.file)?;
            if let Some(Place { line, column }) = at {
                write!(f, ":{line}:{column}")?;
            }
            if !key.is_empty() {
                write!(f, ": {key}")?;
            }
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
