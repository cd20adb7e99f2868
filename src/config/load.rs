use std::path::Path;

use super::document::Document;
use super::problem::{ConfigProblem, ConfigProblems};
use super::purpose::Purpose;
use super::reader::{Environment, Reader, Source};
use super::settings::Config;
use super::{check, shipped, small_file};
use crate::domain::sha256;

impl Config {
    /// The demo, which runs without a configuration file. Its files are in the working directory.
    ///
    /// # Errors
    ///
    /// When the built-in file is invalid.
    pub fn demo() -> Result<Self, ConfigProblems> {
        Self::read(shipped::SHIPPED, "config/doorcode.toml", Path::new(""), &|_| None)
    }

    /// Reads the file at `path`; relative paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// With every mistake in the file.
    pub fn load(path: &Path, environment: &Environment<'_>) -> Result<Self, ConfigProblems> {
        Self::load_for(Purpose::Serve, path, environment)
    }

    /// Reads of what the file refers to only what `purpose` needs. Any other secret is a stand-in, and
    /// other files are empty.
    ///
    /// # Errors
    ///
    /// With every mistake in the file.
    pub fn load_for(
        purpose: Purpose,
        path: &Path,
        environment: &Environment<'_>,
    ) -> Result<Self, ConfigProblems> {
        let name = path.display().to_string();
        let text = small_file::read_text_or_pipe(path).map_err(|why| {
            let text = format!("cannot be read: {why}");
            ConfigProblems::new(&name, vec![ConfigProblem { at: None, key: String::new(), text }])
        })?;
        let base = path.parent().unwrap_or(Path::new(""));
        let config = parse(&text, &name, Source { environment, base, purpose })?;
        Ok(Self { path: Some(path.to_owned()), ..config })
    }

    /// Reads the same file as it is now. `None`: there is none, or it was a pipe, which has ended.
    ///
    /// # Errors
    ///
    /// With every mistake in the file.
    pub fn reread(&self, environment: &Environment<'_>) -> Option<Result<Self, ConfigProblems>> {
        let path = self.path.as_deref()?;
        let is_pipe = path.metadata().is_ok_and(|file| !file.is_file());
        (!is_pipe).then(|| Self::load(path, environment))
    }

    /// The file that it was read from, if it was one.
    pub fn file(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Reads the text of a file called `name`; relative paths in it are relative to `base`.
    ///
    /// # Errors
    ///
    /// With every mistake in the text.
    pub fn read(
        text: &str,
        name: &str,
        base: &Path,
        environment: &Environment<'_>,
    ) -> Result<Self, ConfigProblems> {
        parse(text, name, Source { environment, base, purpose: Purpose::Serve })
    }
}

pub(super) fn parse(text: &str, name: &str, source: Source<'_>) -> Result<Config, ConfigProblems> {
    let mut problems = Vec::new();
    let Some(mut document) = Document::read(text, &mut problems) else {
        return Err(ConfigProblems::new(name, problems));
    };
    document.inherit(&Document::read(shipped::defaults(), &mut problems).unwrap_or_default());
    let mut reader = Reader::new(document, problems, source);
    let config = check::check(&mut reader, name, sha256(text.as_bytes()));
    let problems = reader.into_problems();
    config.filter(|_| problems.is_empty()).ok_or_else(|| ConfigProblems::new(name, problems))
}
