use std::fmt;

/// A mistake in a words file or template, to be reported to its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Path relative to the brand folder, such as `words/fr.toml`.
    pub file: String,
    /// Counted from 1; `None` if it concerns the file as a whole.
    pub line: Option<usize>,
    pub text: String,
}

impl Mistake {
    pub fn new(file: &str, line: Option<usize>, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, text: text.into() }
    }
}

/// Sorts by file and line.
pub(super) fn in_order(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| (mistake.file.clone(), mistake.line.unwrap_or(usize::MAX)));
    mistakes
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl std::error::Error for Mistake {}

/// The ends of a text's lines. Read once a file: every phrase of it has its line.
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of the byte at `offset`, counted from 1.
    pub fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
