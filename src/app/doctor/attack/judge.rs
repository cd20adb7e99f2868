//! What may reach an app, by the rules as they are written: an evaluator of its own, so that a fault of
//! the gate shows.
use std::net::IpAddr;

use http::Method;

use super::app_kind::{APP_KINDS, AppKind};
use crate::gate::{PathPattern, Principal, Rule, Site};

/// Who attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attacker {
    Nobody,
    /// With a session that began just now, and without roles.
    SignedIn,
}

impl Attacker {
    pub(super) const BOTH: [Self; 2] = [Self::Nobody, Self::SignedIn];

    /// For the report.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Nobody => "without a login",
            Self::SignedIn => "with a login and no roles",
        }
    }
}

/// A site, and from where it is attacked.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) site: &'a Site,
    /// `server.prefix`.
    pub(super) prefix: &'a str,
    pub(super) address: IpAddr,
}

impl<'a> Judge<'a> {
    /// Why a request that reached the app should not have: some kind of app serves for it what the
    /// rules keep from the attacker.
    pub(super) fn breach(self, who: Attacker, method: &Method, target: &str) -> Option<String> {
        let folds = self.site.ignore_case;
        let kinds = APP_KINDS.into_iter().filter(|kind| folds || *kind != AppKind::CaseFolding);
        kinds.map(|kind| kind.path(target)).find_map(|path| self.refused(who, method, &path))
    }

    /// Why a plain path is not for the attacker.
    fn refused(self, who: Attacker, method: &Method, path: &str) -> Option<String> {
        let first = |path: &str| self.folded(path.split('/').nth(1).unwrap_or_default());
        if first(path) == first(self.prefix) {
            return Some(format!("an app may read it as {path}, which is Doorcode's own"));
        }
        let below = if self.site.upstream_options.strip_prefix { "" } else { &self.site.url.path };
        let Some(inside) = path.strip_prefix(below).filter(|rest| rest.starts_with('/')) else {
            return Some(format!("an app may read it as {path}, which is not below {below}"));
        };
        match self.rule(method, inside) {
            Some((_, rule)) if self.allows(rule, who) => None,
            Some((n, rule)) => {
                let allowed: Vec<_> = rule.allow.iter().map(ToString::to_string).collect();
                let (n, allowed) = (n + 1, allowed.join(", "));
                Some(format!("an app may read it as {path}, which rule[{n}] has for {allowed}"))
            }
            None if who == Attacker::SignedIn => None,
            None => Some(format!("an app may read it as {path}, which needs a login")),
        }
    }

    /// Whether the rules let the attacker ask for a plain path relative to the site.
    pub(super) fn is_open(self, who: Attacker, method: &Method, path: &str) -> bool {
        match self.rule(method, path) {
            Some((_, rule)) => self.allows(rule, who),
            None => who == Attacker::SignedIn,
        }
    }

    /// An address that some rule lets pass; else one for documents (RFC 5737).
    pub(super) fn allowed_address(self) -> String {
        let networks = self.site.rules.iter().flat_map(|rule| &rule.from);
        networks.map(ipnet::IpNet::addr).next().map_or("192.0.2.1".to_owned(), |ip| ip.to_string())
    }

    /// The first rule for a plain path relative to the site.
    fn rule(self, method: &Method, path: &str) -> Option<(usize, &'a Rule)> {
        let decides = |rule: &Rule| {
            (rule.methods.is_empty() || rule.methods.contains(method))
                && self.matches(&rule.path, path)
        };
        self.site.rules.iter().enumerate().find(|(_, rule)| decides(rule))
    }

    fn allows(self, rule: &Rule, who: Attacker) -> bool {
        let named = |principal: &Principal| match principal {
            Principal::Public | Principal::Optional => true,
            Principal::SignedIn => who == Attacker::SignedIn,
            Principal::Role(_)
            | Principal::Phone(_)
            | Principal::Country(_)
            | Principal::Client(_) => false,
        };
        let is_here = rule.from.is_empty() || rule.from.iter().any(|n| n.contains(&self.address));
        is_here && rule.allow.iter().any(named)
    }

    fn folded(self, text: &str) -> String {
        if self.site.ignore_case { text.to_lowercase() } else { text.to_owned() }
    }

    fn matches(self, pattern: &PathPattern, path: &str) -> bool {
        let (pattern, path) = (self.folded(&pattern.to_string()), self.folded(path));
        let (base, is_below) = match pattern.strip_suffix("/*") {
            Some(base) => (base, true),
            None => (pattern.as_str(), false),
        };
        let (named, given): (Vec<_>, Vec<_>) =
            (base.split('/').collect(), path.split('/').collect());
        let is_alike =
            |(name, part): (&&str, &&str)| name == part || *name == "*" && !part.is_empty();
        let is_long_enough = given.len() == named.len() || is_below && given.len() > named.len();
        is_long_enough && named.iter().zip(&given).all(is_alike)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use http::Method;

    use super::{Attacker, Judge};
    use crate::config::Config;

    const FILE: &str = r#"
[server]
listen = ["127.0.0.1:8000"]
public_url = "http://localhost:8000/.doorcode"
[login]
countries = ["US"]
[sms]
providers = ["console"]
[[site]]
name = "Shop"
url = "http://localhost:8000"
upstreams = ["127.0.0.1:1"]
[[site.rule]]
path = "/public/*"
allow = ["public"]
[[site.rule]]
path = "/files/*/shared"
allow = ["public"]
[[site.rule]]
path = "/feed"
methods = ["GET"]
allow = ["optional"]
[[site.rule]]
path = "/office/*"
allow = ["public"]
from = ["10.0.0.0/8"]
[[site.rule]]
path = "/admin/*"
allow = ["role:admin"]
"#;

    #[test]
    fn what_an_app_may_read_as_a_path_that_is_kept_is_a_breach() {
        let folder = std::path::Path::new(".");
        let config = Config::read(FILE, "judge.toml", folder, &|_| None).expect("a file");
        let site = &config.sites[0];
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let judge = Judge { site, prefix: &config.prefix, address };
        for (target, nobody, signed_in) in [
            ("/public/x", false, false),
            ("/public", false, false),
            ("/publicity", true, false),
            ("/public/../orders", true, false),
            ("/public/..;/admin", true, true),
            ("/public/%2e%2e/admin", true, true),
            ("/public/%252e%252e/admin/x", true, true),
            ("/public\\..\\admin", true, true),
            ("/ADMIN", true, false),
            ("/admin/x?/public/x", true, true),
            ("/files/7/shared", false, false),
            ("/files/7/8/shared", true, false),
            ("/files//shared", true, false),
            ("/feed", false, false),
            ("/office/x", true, true),
            ("//.doorcode/me", true, true),
            ("/x/../.doorcode/me", true, true),
        ] {
            let found = Attacker::BOTH.map(|who| judge.breach(who, &Method::GET, target).is_some());
            assert_eq!(found, [nobody, signed_in], "{target}");
        }
        assert!(judge.breach(Attacker::Nobody, &Method::POST, "/feed").is_some());
    }
}
