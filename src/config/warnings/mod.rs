//! What production would regret of a valid file, for `doorcode check` and for the log of each start. What
//! opens something is no warning but a mistake: the checks of the sections refuse it.
mod exposure;
mod rules;
mod stores;
mod templates;
mod texts;

use std::fmt;

use super::problem::SourceLocation;
use super::settings::Config;
use crate::system::Timestamp;

/// A warning about a key of a valid file. `Display`: `my.toml:3:1: warning: server.x: text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    /// The name of the file, and the position of the key or of the table that lacks it:
    /// `my.toml:12:3`.
    pub at: String,
    /// The full key, such as `site[2].rule[1].path`.
    pub key: String,
    pub text: String,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}: {}", self.at, self.key, self.text)
    }
}

/// Keys with what is wrong with them.
type Found = Vec<(String, String)>;

/// THE table of warnings.
const ALL: &[fn(&Config) -> Found] = &[
    exposure::unsafe_keys,
    exposure::open_sockets,
    exposure::no_trusted_proxies,
    exposure::proxies_without_effect,
    exposure::wide_proxies,
    exposure::networks_without_effect,
    rules::only_reported,
    rules::never_reached,
    rules::redundant_words,
    rules::unknown_roles,
    rules::nobody_can_sign_in,
    rules::in_another_site,
    rules::without_tokens,
    stores::shared_beside_a_file,
    texts::drafts,
    texts::senders,
    texts::not_twilio,
    texts::consent_without_links,
    texts::stop_without_start,
    texts::budgets_below_a_text,
    templates::unknown_variables,
    templates::texts_without_code,
    templates::other_hosts,
];

impl Config {
    /// The warnings of the file at a time, at which certificates may have expired; in the order of its
    /// lines.
    pub fn warnings(&self, now: Timestamp) -> Vec<ConfigWarning> {
        let found = ALL.iter().flat_map(|look| look(self)).chain(exposure::certificates(self, now));
        let mut placed: Vec<(SourceLocation, String, String)> =
            found.map(|(key, text)| (self.places.of(&key), key, text)).collect();
        placed.sort_by_key(|(at, ..)| *at);
        // Sites of one table have the same.
        placed.dedup();
        let warning = |(SourceLocation { line, column }, key, text)| ConfigWarning {
            at: format!("{}:{line}:{column}", self.source),
            key,
            text,
        };
        placed.into_iter().map(warning).collect()
    }

    /// Whether people on other machines can use it: the rest is for trying it out.
    fn is_local(&self) -> bool {
        self.issuer.origin().host().is_loopback()
    }
}
