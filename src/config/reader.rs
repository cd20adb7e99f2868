use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Environment;
use super::keys;
use super::problem::{Place, Problem};
use super::raw::{self, Item, Raw, Value};
use crate::domain::Secret;

/// What the checks of all sections share: the raw file, and the list that every mistake is put
/// on. A value is `None` when it is not there or a mistake of it has been noted.
pub(super) struct Reader<'a> {
    raw: Raw,
    problems: Vec<Problem>,
    environment: &'a Environment<'a>,
    /// What relative paths are relative to.
    base: &'a Path,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        raw: Raw,
        problems: Vec<Problem>,
        environment: &'a Environment<'a>,
        base: &'a Path,
    ) -> Self {
        Self { raw, problems, environment, base }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn note(&mut self, key: &str, text: impl Into<String>) {
        self.note_at(None, key, text);
    }

    /// `at`: where exactly; else where the key stands.
    pub(super) fn note_at(&mut self, at: Option<Place>, key: &str, text: impl Into<String>) {
        let at = Some(at.unwrap_or_else(|| self.raw.place(key)));
        self.problems.push(Problem { at, key: key.to_owned(), text: text.into() });
    }

    /// Notes what the table `full` must have and has not.
    pub(super) fn require(&mut self, full: &str) {
        self.problems.extend(raw::missing(&self.raw, full));
    }

    /// The tables `key` that are there: `site[1]`, `site[2]`, ….
    pub(super) fn each(&self, key: &str) -> Vec<String> {
        (1..=self.raw.count(key)).map(|n| format!("{key}[{n}]")).collect()
    }

    /// Whether the file itself has the key, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.raw.has(key)
    }

    /// Whether the file itself has a table here.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.raw.is_table(key)
    }

    /// Whether the file has in the table `full` a key that no default is known for.
    pub(super) fn has_more_than_defaults(&self, full: &str) -> bool {
        let own = |key: &&keys::Key| !matches!(key.need, keys::Need::Default);
        keys::inside(full).filter(own).any(|key| self.has(key.path))
    }

    pub(super) fn items(&self, key: &str) -> Option<Vec<Item>> {
        let Some(Value::Texts(items)) = self.raw.get(key) else {
            return None;
        };
        Some(items.clone())
    }

    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        let Some(Value::Integer(number)) = self.raw.get(key) else {
            return None;
        };
        Some(*number)
    }

    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        let Some(Value::Duration(duration)) = self.raw.get(key) else {
            return None;
        };
        Some(*duration)
    }

    /// Bytes.
    pub(super) fn size(&self, key: &str) -> Option<u64> {
        let Some(Value::Size(size)) = self.raw.get(key) else {
            return None;
        };
        Some(*size)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let Some(Value::Flag(flag)) = self.raw.get(key) else {
            return None;
        };
        Some(*flag)
    }

    /// The one text at `key`, read by `read`.
    pub(super) fn one<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let item = self.items(key)?.into_iter().next()?;
        self.take(item.at, key, read(&item.text))
    }

    /// Each text of the list at `key`, read by `read`; one that is there twice is a mistake.
    pub(super) fn all<T: PartialEq>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let items = self.items(key)?;
        let mut good = Vec::new();
        for item in &items {
            let read = read(&item.text).and_then(|value| {
                let twice = || format!("{} is named twice", super::values::shown(&item.text));
                if good.contains(&value) { Err(twice()) } else { Ok(value) }
            });
            good.extend(self.take(item.at, key, read));
        }
        (good.len() == items.len()).then_some(good)
    }

    /// Like [`Self::all`] for a list that may be left out, which is then empty.
    pub(super) fn all_or_none<T: PartialEq>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        if self.has(key) { self.all(key, read) } else { Some(Vec::new()) }
    }

    /// The secrets that the texts at `key` name.
    pub(super) fn secrets(&mut self, key: &str) -> Option<Vec<Secret>> {
        let items = self.items(key)?;
        let mut good = Vec::new();
        for item in &items {
            let secret = self.secret(&item.text);
            good.extend(self.take(item.at, key, secret));
        }
        (good.len() == items.len()).then_some(good)
    }

    /// What relative paths are relative to.
    pub(super) fn base(&self) -> &'a Path {
        self.base
    }

    /// The names in the table of texts `key`.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        self.raw.names(key)
    }

    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }

    /// Notes what is wrong with a value, and gives it when nothing is.
    pub(super) fn take<T>(
        &mut self,
        at: impl Into<Option<Place>>,
        key: &str,
        result: Result<T, String>,
    ) -> Option<T> {
        result.map_err(|text| self.note_at(at.into(), key, text)).ok()
    }

    /// No message here may hold the text: it may be the secret itself, written by mistake.
    fn secret(&self, text: &str) -> Result<Secret, String> {
        let found = if let Some(name) = text.strip_prefix("env:") {
            self.environment_secret(name)
        } else if let Some(path) = text.strip_prefix("file:") {
            self.file_secret(path)
        } else {
            Err("is not `env:NAME` or `file:PATH`; a secret does not stand in this file".to_owned())
        };
        let found = found?;
        let trimmed = found.reveal().trim();
        if trimmed.is_empty() {
            return Err("names a secret that is empty".to_owned());
        }
        Ok(Secret::new(trimmed))
    }

    fn environment_secret(&self, name: &str) -> Result<Secret, String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return Err("has after `env:` no name of letters, digits and `_`".to_owned());
        }
        let value = (self.environment)(name);
        value.map(Secret::new).ok_or_else(|| format!("the environment has no variable {name}"))
    }

    fn file_secret(&self, path: &str) -> Result<Secret, String> {
        let path = self.path(path);
        let text = std::fs::read_to_string(&path);
        text.map(Secret::new).map_err(|why| format!("cannot read {}: {why}", path.display()))
    }
}
