use std::collections::BTreeSet;

use super::Found;
use crate::config::settings::Config;
use crate::config::values::nearest;
use crate::domain::Role;
use crate::gate::{Principal, Rule, RuleMode, Shadow};

/// Every rule with its key, such as `site[1].rule[2]`.
pub(super) fn all(config: &Config) -> impl Iterator<Item = (String, &Rule)> {
    config.keyed_sites().flat_map(|(site, found)| {
        let key = move |rule| format!("{site}.rule[{}]", rule + 1);
        found.rules.iter().enumerate().map(move |(n, rule)| (key(n), rule))
    })
}

/// Sites whose rules protect nothing yet.
pub(super) fn only_reported(config: &Config) -> Found {
    let reports = config.keyed_sites().filter(|(_, site)| site.mode == RuleMode::Report);
    let text = "is `report`: everybody reaches the app, whatever the rules say";
    reports.map(|(key, _)| (format!("{key}.mode"), text.to_owned())).collect()
}

/// Rules behind one that takes all their requests and admits no more: those that admit more are
/// mistakes.
pub(super) fn never_reached(config: &Config) -> Found {
    let mut found = Found::new();
    for (site, known) in config.keyed_sites() {
        for (n, rule) in known.rules.iter().enumerate() {
            let shadow =
                |earlier: &Rule| earlier.shadows(rule, known.ignore_case) == Some(Shadow::Whole);
            let first = known.rules.iter().take(n).position(shadow);
            found.extend(first.map(|first| {
                let text = format!(
                    "never decides: {site}.rule[{}] stands before it and takes all its requests",
                    first + 1
                );
                (format!("{site}.rule[{}].path", n + 1), text)
            }));
        }
    }
    found
}

pub(super) fn redundant_words(config: &Config) -> Found {
    let both = |rule: &Rule| {
        [Principal::Public, Principal::Optional].iter().all(|who| rule.allow.contains(who))
    };
    let text = "`public` has no effect beside `optional`, which lets everybody pass too";
    let rules = all(config).filter(|(_, rule)| both(rule));
    rules.map(|(key, _)| (format!("{key}.allow"), text.to_owned())).collect()
}

/// Roles that no user of the file has: nobody passes.
pub(super) fn unknown_roles(config: &Config) -> Found {
    let known: BTreeSet<&str> =
        config.users.iter().flat_map(|user| user.roles.iter().map(Role::as_str)).collect();
    let mut found = Found::new();
    for (key, rule) in all(config) {
        for role in rule.roles().difference(&known) {
            let meant = nearest(role, known.iter().copied());
            let hint = meant.map(|meant| format!("; did you mean `role:{meant}`?"));
            let text =
                format!("no [[user]] has the role of `role:{role}`{}", hint.unwrap_or_default());
            found.push((format!("{key}.allow"), text));
        }
    }
    found
}

/// People who are named but get no code, and a closed service without users.
pub(super) fn nobody_can_sign_in(config: &Config) -> Found {
    let mut found = Found::new();
    let countries = &config.login.countries;
    for (key, rule) in all(config) {
        for who in &rule.allow {
            let unserved = match who {
                Principal::Country(country) => !countries.serves(*country),
                Principal::Phone(phone) => !phone.is_test() && !countries.serves_number(phone),
                _ => false,
            };
            if unserved {
                let text =
                    format!("`{who}` admits nobody: login.countries does not serve that country");
                found.push((format!("{key}.allow"), text));
            }
        }
    }
    if !config.login.sign_up && config.users.is_empty() {
        let text =
            "is false, and there is no [[user]]: only people who signed in before can sign in";
        found.push(("login.sign_up".to_owned(), text.to_owned()));
    }
    found
}

/// Rules for paths that belong to a site of their own, whose rules apply there.
pub(super) fn in_another_site(config: &Config) -> Found {
    let mut found = Found::new();
    for (key, site) in config.keyed_sites() {
        for (others, other) in config.keyed_sites().filter(|(others, _)| *others != key) {
            let below = other.url.path.strip_prefix(site.url.path.as_str());
            let Some(below) = below.filter(|below| below.starts_with('/')) else { continue };
            if other.url.origin != site.url.origin {
                continue;
            }
            let inside =
                site.rules.iter().enumerate().filter(|(_, rule)| rule.path.is_below(below));
            found.extend(inside.map(|(rule, _)| {
                let text = format!(
                    "never decides: its paths belong to {others} ({}), which has rules of its own",
                    other.name
                );
                (format!("{key}.rule[{}].path", rule + 1), text)
            }));
        }
    }
    found
}

/// Rules for a client that cannot get a token for the site.
pub(super) fn without_tokens(config: &Config) -> Found {
    let mut found = Found::new();
    for (key, site) in config.keyed_sites() {
        let url = site.url.to_string();
        for (m, rule) in site.rules.iter().enumerate() {
            let named = rule.allow.iter().filter_map(|who| match who {
                Principal::Client(id) => config.oauth.clients.find(id.as_str()),
                _ => None,
            });
            found.extend(named.filter(|client| !client.has_audience(&url)).map(|client| {
                let id = &client.id;
                let text = format!(
                    "client:{id} cannot get a token for the site: its audiences lack {url:?}"
                );
                (format!("{key}.rule[{}].allow", m + 1), text)
            }));
        }
    }
    found
}
