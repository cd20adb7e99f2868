use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::at_start::{self, ValuesAtStart};
use super::document::Places;
use super::linted_texts::LintedTexts;
use super::problem::SourceLocation;
use crate::acme::AcmeSettings;
use crate::delivery::SmsRoute;
use crate::delivery::sms::ProviderSettings;
use crate::domain::{Host, Keyring};
use crate::events::LogFormat;
use crate::gate::{Site, SiteUrl};
use crate::oauth::Issuer;
use crate::pages::views::Brand;
use crate::store::StoreSettings;
use crate::users::ConfiguredUser;
use crate::{login, oauth, proxy, session};

/// The checked configuration: every value has the type that its module uses.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the file, for messages.
    pub source: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// The file; `None`: the built-in one, or a text.
    pub(super) path: Option<PathBuf>,
    /// Where its keys stand, for warnings.
    pub(super) places: Places,
    pub(super) at_start: ValuesAtStart,
    /// What its texts are like, once somebody asked: see [`Self::linted_texts`].
    pub(super) linted: Arc<OnceLock<Vec<LintedTexts>>>,
    pub issuer: Issuer,
    /// `server.prefix`, such as `/.doorcode`.
    pub prefix: String,
    /// `server.secret`; `None` if it is in [`Self::secret_file`], where the first start creates it.
    pub secrets: Option<Keyring>,
    pub secret_file: PathBuf,
    pub proxy: proxy::ProxySettings,
    /// `[acme]`, if `server.tls` says so.
    pub acme: Option<AcmeSettings>,
    pub log: LogFormat,
    pub store: StoreSettings,
    /// Pages have been rendered with it successfully.
    pub brand: Brand,
    pub login: login::LoginSettings,
    pub session: session::SessionSettings,
    pub personal_tokens: session::PersonalTokenSettings,
    /// In the order in which they are tried; not empty.
    pub providers: Vec<ProviderSettings>,
    /// `sms.allow_private`: networks that are not public, where providers may be.
    pub sms_allow_private: Vec<ipnet::IpNet>,
    /// `sms.receipts`: below which URL providers tell what becomes of texts; `None`: they do not.
    pub sms_receipts: Option<url::Url>,
    /// `[[sms.route]]`. Their providers are among [`Self::providers`].
    pub sms_routes: Vec<SmsRoute>,
    /// A Liquid template that makes texts with the code, for some requests at least.
    pub sms_template: String,
    /// The same by language tag.
    pub sms_templates: Vec<(String, String)>,
    /// The built-in ones by language tag, for texts that lack the code otherwise.
    pub sms_built_in: Vec<(String, String)>,
    /// The tags of the pages' languages.
    pub languages: Vec<String>,
    /// `[[user]]` and `[[login.test_number]]`.
    pub users: Vec<ConfiguredUser>,
    /// Names and URLs are unique. Empty only if there are clients.
    pub sites: Vec<Site>,
    /// The table of each site, counted from 1: one with `hosts` makes several.
    pub(super) site_tables: Vec<usize>,
    pub oauth: oauth::OauthSettings,
    /// `server.unsafe_development_exposed`: logged at every start.
    pub development_exposed: bool,
    /// `login.unsafe_test_numbers_exposed`, if there are test numbers: logged at every start.
    pub test_numbers_exposed: bool,
    /// `server.unsafe_shared_origin`: logged at every start.
    pub shared_origin: bool,
    pub network: NetworkExposure,
}

impl Config {
    /// The keys with another value in a `newer` file that are read only at the start, each with its
    /// place there: `my.toml:3:1: server.listen`.
    pub fn changed_at_start(&self, newer: &Self) -> Vec<String> {
        let mut keys = at_start::differences(&self.at_start, &newer.at_start);
        let is_same = |a: &Keyring, b: &Keyring| a.is_same(b);
        let has_secret = self.secrets.as_ref().zip(newer.secrets.as_ref());
        if has_secret.is_some_and(|(old, new)| !is_same(old, new)) {
            keys.push("server.secret".to_owned());
        }
        let kind = |config: &Self| (config.proxy.tls.is_empty(), config.acme.is_some());
        if kind(self) != kind(newer) {
            keys.push("server.tls".to_owned());
        }
        keys.sort_unstable();
        keys.dedup();
        let place = |key: &String| {
            let SourceLocation { line, column } = newer.places.of(key);
            format!("{}:{line}:{column}: {key}", newer.source)
        };
        keys.iter().map(place).collect()
    }

    /// The digest of the file, in hexadecimal.
    pub fn digest_text(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.digest)
    }

    /// The key of the table that a site is from, such as `site[2]`.
    pub fn table_of(&self, site: &SiteUrl) -> Option<String> {
        self.keyed_sites().find(|(_, known)| known.url == *site).map(|(key, _)| key)
    }

    /// Where a key or table stands: `my.toml:12:3`.
    pub fn place_of(&self, key: &str) -> String {
        let SourceLocation { line, column } = self.places.of(key);
        format!("{}:{line}:{column}", self.source)
    }

    /// Whether the file has a key.
    pub fn has(&self, key: &str) -> bool {
        self.places.has(key)
    }

    /// The hosts of all pages, each with the key that names it first.
    pub fn hosts(&self) -> Vec<(String, &Host)> {
        let mut hosts = vec![("server.public_url".to_owned(), self.issuer.origin().host())];
        for (key, site) in self.keyed_sites() {
            let host = site.url.origin.host();
            if !hosts.iter().any(|(_, known)| *known == host) {
                hosts.push((format!("{key}.url"), host));
            }
        }
        hosts
    }

    /// The sites, each with the key of its table, such as `site[2]`.
    pub(super) fn keyed_sites(&self) -> impl Iterator<Item = (String, &Site)> {
        let keys = self.site_tables.iter().map(|n| format!("site[{n}]"));
        keys.zip(&self.sites)
    }
}

/// What is open to the network by an `unsafe_…` key: logged at every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkExposure {
    /// `server.unsafe_trusted_proxies`, if a network needs it.
    pub anybody_trusted: bool,
    /// `server.unsafe_private_http`.
    pub private_http: bool,
    /// `admin.unsafe_exposed`, if the address needs it.
    pub admin: bool,
}
