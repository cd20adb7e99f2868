//! The only reader of the operator's file: text → spanned document → checked values.
//! Opens no socket and no database.
mod check;
mod folder;
mod keys;
mod problem;
mod raw;
mod reader;
mod reference;
mod shipped;
mod values;
mod wording;

use std::path::{Path, PathBuf};

pub use problem::{Place, Problem, Problems};
pub use reference::reference;

use crate::delivery::sms::ProviderSettings;
use crate::domain::{Host, Keyring};
use crate::events::LogFormat;
use crate::gate::Site;
use crate::oauth::Issuer;
use crate::pages::views::Brand;
use crate::store::Database;
use crate::system::Timestamp;
use crate::users::ConfiguredUser;
use crate::{login, oauth, proxy, session};
use raw::Raw;
use reader::Reader;

/// What `env:NAME` is looked up in: the value of a variable, `None` when it is not set.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Settings that have been checked: every value is of the type that its module asks for.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the file was called, for messages.
    pub source: String,
    pub issuer: Issuer,
    /// `server.prefix`, such as `/.doorcode`: what every site keeps for Doorcode.
    pub prefix: String,
    /// `server.secret`; `None`: it is in [`Self::secret_file`], or is made there at first start.
    pub secrets: Option<Keyring>,
    pub secret_file: PathBuf,
    pub proxy: proxy::Settings,
    pub log: LogFormat,
    pub database: Database,
    /// Pages can be made of it.
    pub brand: Brand,
    pub login: login::Settings,
    pub session: session::Settings,
    /// In the order in which they are tried; never empty.
    pub providers: Vec<ProviderSettings>,
    /// Liquid that shows the code.
    pub sms_template: String,
    /// The same by language tags.
    pub sms_templates: Vec<(String, String)>,
    /// `[[user]]` and `[[login.test_number]]`.
    pub users: Vec<ConfiguredUser>,
    /// Names and places are unique. Empty only where there are clients.
    pub sites: Vec<Site>,
    pub oauth: oauth::Settings,
    /// `server.unsafe_development_exposed`: to be said at every start.
    pub development_exposed: bool,
    /// `login.unsafe_test_numbers_exposed`, where there are test numbers: to be said too.
    pub test_numbers_exposed: bool,
    /// `server.unsafe_shared_origin`: to be said at every start.
    pub shared_origin: bool,
}

impl Config {
    /// The demo, which runs when no file is given: keeps its things in the working directory.
    pub fn demo() -> Result<Self, Problems> {
        Self::read(shipped::SHIPPED, "config/doorcode.toml", Path::new(""), &|_| None)
    }

    /// Reads the file at `path`; relative paths in it are relative to where it is.
    pub fn load(path: &Path, environment: &Environment<'_>) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|why| {
            let text = format!("cannot be read: {why}");
            Problems::new(&name, vec![Problem { at: None, key: String::new(), text }])
        })?;
        let base = path.parent().unwrap_or(Path::new(""));
        Self::read(&text, &name, base, environment)
    }

    /// Why browsers will not come in although every certificate of `server.tls` can be shown.
    pub fn tls_doubts(&self, now: Timestamp) -> Vec<String> {
        let mut hosts: Vec<(String, &Host)> =
            vec![("server.public_url".to_owned(), self.issuer.origin().host())];
        for (n, site) in self.sites.iter().enumerate() {
            let host = site.place.origin.host();
            if !hosts.iter().any(|(_, known)| *known == host) {
                hosts.push((format!("site[{}].url", n + 1), host));
            }
        }
        proxy::doubts(&self.proxy.tls, &hosts, now)
    }

    /// Reads the text of a file called `name`, whose relative paths are relative to `base`. On
    /// failure tells every mistake, not the first.
    pub fn read(
        text: &str,
        name: &str,
        base: &Path,
        environment: &Environment<'_>,
    ) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let given = Raw::read(text, &mut problems);
        let Some(mut raw) = given else {
            return Err(Problems::new(name, problems));
        };
        raw.inherit(&Raw::read(shipped::defaults(), &mut problems).unwrap_or_default());
        let mut reader = Reader::new(raw, problems, environment, base);
        let config = check::check(&mut reader, name);
        let problems = reader.into_problems();
        config.filter(|_| problems.is_empty()).ok_or_else(|| Problems::new(name, problems))
    }
}
