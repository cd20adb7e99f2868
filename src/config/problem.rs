use std::fmt;

/// A position in the configuration file, counted from 1; columns are in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLocation {
    pub line: usize,
    pub column: usize,
}

impl SourceLocation {
    /// The position of mistakes that have none, such as a missing table.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The position of the byte at `offset` in `text`.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let (line, own) = before
            .rsplit_once('\n')
            .map_or((1, before), |(above, own)| (2 + above.matches('\n').count(), own));
        Self { line, column: own.chars().count() + 1 }
    }
}

/// A mistake: its position, its key, what is wrong and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// `None` if the file could not be read.
    pub at: Option<SourceLocation>,
    /// The full key, such as `site[2].rule[1].path`, counted from 1; empty if the text is not TOML.
    pub key: String,
    pub text: String,
}

/// All mistakes in a file, in the order of its lines. `Display` writes one line for each:
/// `my.toml:12:3: login.tries: 99 is not between 1 and 5`. Contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblems {
    file: String,
    list: Vec<ConfigProblem>,
}

impl ConfigProblems {
    pub(super) fn new(file: &str, mut list: Vec<ConfigProblem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        Self { file: file.to_owned(), list }
    }

    /// The name of the file, as given.
    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn list(&self) -> &[ConfigProblem] {
        &self.list
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, ConfigProblem { at, key, text }) in self.list.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "\n" })?;
            f.write_str(&self.file)?;
            if let Some(SourceLocation { line, column }) = at {
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

impl std::error::Error for ConfigProblems {}
