//! Whether a rule can decide anything behind the rules before it: the first that matches decides.
use std::collections::BTreeSet;

use http::Method;
use ipnet::IpNet;

use super::sites::{PathPattern, Principal, Rule, WILDCARD};

/// What an earlier rule takes of a later one's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// All: the later rule never decides.
    Whole,
    /// Those with these methods, of a path that the earlier rule contains: whoever reads the later rule
    /// does not expect it. Two rules for one path and different methods are no shadow.
    Methods(Vec<Method>),
}

impl Rule {
    /// What this rule takes of `later`, a rule behind it; `None`: nothing that its reader would miss.
    /// `ignore_case`: that of the site.
    pub fn shadows(&self, later: &Self, ignore_case: bool) -> Option<Shadow> {
        if !self.path.contains(&later.path, ignore_case) {
            return None;
        }
        let takes = |method: &&Method| self.methods.contains(method);
        match (self.methods.as_slice(), later.methods.as_slice()) {
            ([], _) => Some(Shadow::Whole),
            (_, own) if !own.is_empty() && own.iter().all(|method| takes(&method)) => {
                Some(Shadow::Whole)
            }
            _ if later.path.contains(&self.path, ignore_case) => None,
            (all, []) => Some(Shadow::Methods(all.to_vec())),
            (_, own) => {
                let methods: Vec<Method> = own.iter().filter(takes).cloned().collect();
                (!methods.is_empty()).then_some(Shadow::Methods(methods))
            }
        }
    }

    /// Whether this rule lets somebody pass whom `other` would not.
    pub fn admits_more_than(&self, other: &Self) -> bool {
        let admitted = self.allow.iter().all(|who| other.allow.iter().any(|by| by.covers(who)));
        let within = |net: &IpNet| other.from.iter().any(|wider| wider.contains(net));
        let near = other.from.is_empty() || !self.from.is_empty() && self.from.iter().all(within);
        let fresh = other.fresh.is_none_or(|wider| self.fresh.is_some_and(|own| own <= wider));
        !(admitted && near && fresh)
    }

    /// A word of `allow` that lets everybody pass whom another one names, and that one: whoever wrote it
    /// expects it to be asked for. `None`: each has an effect of its own.
    pub fn contradiction(&self) -> Option<(&Principal, &Principal)> {
        let wide = [Principal::Public, Principal::Optional, Principal::SignedIn];
        self.allow.iter().filter(|who| wide.contains(who)).find_map(|wide| {
            let narrow = self.allow.iter().find(|narrow| {
                *narrow != wide && wide.covers(narrow) && !narrow.admits_everybody()
            })?;
            Some((wide, narrow))
        })
    }

    /// The roles that it asks for.
    pub fn roles(&self) -> BTreeSet<&str> {
        let roles = self.allow.iter().filter_map(|who| match who {
            Principal::Role(role) => Some(role.as_str()),
            _ => None,
        });
        roles.collect()
    }
}

impl Principal {
    const fn admits_everybody(&self) -> bool {
        matches!(self, Self::Public | Self::Optional)
    }

    /// Whether everybody whom `other` admits is admitted.
    fn covers(&self, other: &Self) -> bool {
        match self {
            Self::Public | Self::Optional => true,
            // A client may act for itself, without a user.
            Self::SignedIn => {
                matches!(other, Self::SignedIn | Self::Role(_) | Self::Phone(_) | Self::Country(_))
            }
            Self::Country(country) => match other {
                Self::Phone(phone) => phone.country() == Some(*country),
                other => self == other,
            },
            Self::Role(_) | Self::Phone(_) | Self::Client(_) => self == other,
        }
    }
}

impl PathPattern {
    /// Whether every path that `other` matches is matched.
    fn contains(&self, other: &Self, ignore_case: bool) -> bool {
        let fold =
            |path: &str| if ignore_case { path.to_ascii_lowercase() } else { path.to_owned() };
        let (wide, narrow) = (fold(&self.path), fold(&other.path));
        let (mut wide, mut narrow) = (wide.split('/'), narrow.split('/'));
        loop {
            match (wide.next(), narrow.next()) {
                (None, rest) => return self.below || rest.is_none() && !other.below,
                (Some(WILDCARD), Some(_)) => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    }

    /// Whether the pattern lies in `path`, the path of another site relative to this one.
    pub fn is_below(&self, path: &str) -> bool {
        let rest = self.path.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
