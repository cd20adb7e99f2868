use std::path::Path;

use super::document::Document;
use super::problem::{ConfigProblem, ConfigProblems};
use super::reader::{Environment, Reader};
use super::settings::Config;
use super::{check, shipped};
use crate::domain::Host;
use crate::proxy;
use crate::system::Timestamp;

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
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|why| {
            let text = format!("cannot be read: {why}");
            ConfigProblems::new(&name, vec![ConfigProblem { at: None, key: String::new(), text }])
        })?;
        let base = path.parent().unwrap_or(Path::new(""));
        Self::read(&text, &name, base, environment)
    }

    /// Why browsers will refuse a certificate of `server.tls` although it can be loaded.
    pub fn tls_doubts(&self, now: Timestamp) -> Vec<String> {
        let mut hosts: Vec<(String, &Host)> =
            vec![("server.public_url".to_owned(), self.issuer.origin().host())];
        for (n, site) in self.sites.iter().enumerate() {
            let host = site.url.origin.host();
            if !hosts.iter().any(|(_, known)| *known == host) {
                hosts.push((format!("site[{}].url", n + 1), host));
            }
        }
        proxy::certificate_warnings(&self.proxy.tls, &hosts, now)
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
        let mut problems = Vec::new();
        let Some(mut document) = Document::read(text, &mut problems) else {
            return Err(ConfigProblems::new(name, problems));
        };
        document.inherit(&Document::read(shipped::defaults(), &mut problems).unwrap_or_default());
        let mut reader = Reader::new(document, problems, environment, base);
        let config = check::check(&mut reader, name);
        let problems = reader.into_problems();
        config.filter(|_| problems.is_empty()).ok_or_else(|| ConfigProblems::new(name, problems))
    }
}
