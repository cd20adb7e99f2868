use std::path::{Path, PathBuf};
use std::time::Duration;

use super::at_start::ValuesAtStart;
use super::document::{self, Document, Item, Places, Value};
use super::problem::{ConfigProblem, SourceLocation};
use super::purpose::Purpose;
use super::{keys, small_file, values};
use crate::domain::Secret;

/// Looks up environment variables: the value of `env:NAME`, or `None` if it is not set.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Shared by the checks of all sections: the document, and the list of mistakes. A value is `None`
/// if it is missing or a mistake in it has been noted.
pub(super) struct Reader<'a> {
    document: Document,
    problems: Vec<ConfigProblem>,
    source: Source<'a>,
}

/// Where what the file refers to is found, and how much of it is read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) environment: &'a Environment<'a>,
    /// The folder of the file.
    pub(super) base: &'a Path,
    pub(super) purpose: Purpose,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        document: Document,
        problems: Vec<ConfigProblem>,
        source: Source<'a>,
    ) -> Self {
        Self { document, problems, source }
    }

    pub(super) const fn purpose(&self) -> Purpose {
        self.source.purpose
    }

    pub(super) fn into_problems(self) -> Vec<ConfigProblem> {
        self.problems
    }

    pub(super) fn note(&mut self, key: &str, text: impl Into<String>) {
        self.note_at(None, key, text);
    }

    /// `at`: the position; by default that of the key.
    pub(super) fn note_at(
        &mut self,
        at: Option<SourceLocation>,
        key: &str,
        text: impl Into<String>,
    ) {
        let at = Some(at.unwrap_or_else(|| self.document.place(key)));
        self.problems.push(ConfigProblem { at, key: key.to_owned(), text: text.into() });
    }

    /// Where the keys of the file stand.
    pub(super) fn places(&self) -> Places {
        self.document.places()
    }

    /// The values that are read at the start only.
    pub(super) fn at_start(&self) -> ValuesAtStart {
        self.document.at_start()
    }

    /// Notes the required keys that the table `full` lacks.
    pub(super) fn require(&mut self, full: &str) {
        self.problems.extend(document::missing(&self.document, full));
    }

    /// The tables in the array `key`: `site[1]`, `site[2]`, ….
    pub(super) fn each(&self, key: &str) -> Vec<String> {
        (1..=self.document.count(key)).map(|n| format!("{key}[{n}]")).collect()
    }

    /// Whether the file itself sets the key, validly or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.document.has(key)
    }

    /// Whether the file itself has a table at `key`.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.document.is_table(key)
    }

    /// Whether the file sets a key of the table `full` that has no default.
    pub(super) fn has_more_than_defaults(&self, full: &str) -> bool {
        keys::inside(full)
            .filter(|key| !matches!(key.need, keys::Requirement::Default))
            .any(|key| self.has(key.path))
    }

    pub(super) fn items(&self, key: &str) -> Option<Vec<Item>> {
        let Some(Value::Texts(items)) = self.document.get(key) else {
            return None;
        };
        Some(items.clone())
    }

    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        let Some(Value::Integer(number)) = self.document.get(key) else {
            return None;
        };
        Some(*number)
    }

    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        let Some(Value::Duration(duration)) = self.document.get(key) else {
            return None;
        };
        Some(*duration)
    }

    /// Bytes.
    pub(super) fn size(&self, key: &str) -> Option<u64> {
        let Some(Value::Size(size)) = self.document.get(key) else {
            return None;
        };
        Some(*size)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let Some(Value::Flag(flag)) = self.document.get(key) else {
            return None;
        };
        Some(*flag)
    }

    /// The string at `key`, parsed by `read`.
    pub(super) fn one<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let item = self.items(key)?.into_iter().next()?;
        self.take(item.at, key, read(&item.text))
    }

    /// The strings of the list at `key`, each parsed by `read`. Duplicates are mistakes.
    pub(super) fn all<T: PartialEq>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let items = self.items(key)?;
        let mut good = Vec::new();
        for item in &items {
            let result = match read(&item.text) {
                Ok(value) if good.contains(&value) => {
                    Err(format!("{} is listed twice", values::shown(&item.text)))
                }
                other => other,
            };
            good.extend(self.take(item.at, key, result));
        }
        (good.len() == items.len()).then_some(good)
    }

    /// Like [`Self::all`] for an optional list, which is empty by default.
    pub(super) fn all_or_none<T: PartialEq>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        if self.has(key) { self.all(key, read) } else { Some(Vec::new()) }
    }

    /// The secrets that the strings at `key` refer to; stand-ins where they are not needed.
    pub(super) fn secrets(&mut self, key: &str) -> Option<Vec<Secret>> {
        let items = self.items(key)?;
        if !self.purpose().reads_secret(key) {
            let stand_in =
                |n| Secret::new(format!("a secret that this command does not need: {n}"));
            return Some((0..items.len()).map(stand_in).collect());
        }
        let mut good = Vec::new();
        for item in &items {
            let secret = self.secret(&item.text);
            good.extend(self.take(item.at, key, secret));
        }
        (good.len() == items.len()).then_some(good)
    }

    /// The folder of the file, which relative paths are relative to.
    pub(super) fn base(&self) -> &'a Path {
        self.source.base
    }

    /// The names in the table of strings `key`.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        self.document.names(key)
    }

    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.source.base.join(text)
    }

    /// Unwraps a value, or notes what is wrong with it.
    pub(super) fn take<T>(
        &mut self,
        at: impl Into<Option<SourceLocation>>,
        key: &str,
        result: Result<T, String>,
    ) -> Option<T> {
        result.map_err(|text| self.note_at(at.into(), key, text)).ok()
    }

    /// No message may contain the text, which may be the secret itself by mistake.
    fn secret(&self, text: &str) -> Result<Secret, String> {
        let found = if let Some(name) = text.strip_prefix("env:") {
            self.environment_secret(name)?
        } else if let Some(path) = text.strip_prefix("file:") {
            self.file_secret(path)?
        } else {
            let text = "is not `env:NAME` or `file:PATH`; secrets are not stored in this file";
            return Err(text.to_owned());
        };
        let trimmed = found.reveal().trim();
        if trimmed.is_empty() {
            return Err("refers to an empty secret".to_owned());
        }
        Ok(Secret::new(trimmed))
    }

    fn environment_secret(&self, name: &str) -> Result<Secret, String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err("needs a name of letters, digits and `_` after `env:`".to_owned());
        }
        let value = (self.source.environment)(name);
        value.map(Secret::new).ok_or_else(|| format!("the environment has no variable {name}"))
    }

    fn file_secret(&self, path: &str) -> Result<Secret, String> {
        let path = self.path(path);
        let text = small_file::read_text(&path);
        text.map(Secret::new).map_err(|why| format!("cannot read {}: {why}", path.display()))
    }
}
