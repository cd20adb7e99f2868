//! Presets: which headers tell an app who the caller is.
use http::header::HeaderName;

use crate::oauth::AssertionFormat;

/// What an identity header holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The user's id.
    User,
    /// The phone number in E.164.
    Phone,
    /// The roles, separated by commas; no header when there are none.
    Groups,
    /// The session's id.
    Session,
    /// All of these, as a signed JWT.
    Assertion(AssertionFormat),
    /// Never written: the name is only removed from what clients send.
    Nothing,
}

/// What `identity.headers` may name in the configuration: the claims of an assertion.
pub const CLAIMS: &[(&str, Claim)] = &[
    ("sub", Claim::User),
    ("phone_number", Claim::Phone),
    ("groups", Claim::Groups),
    ("sid", Claim::Session),
    ("assertion", Claim::Assertion(AssertionFormat::Doorcode)),
    ("none", Claim::Nothing),
];

/// The headers of a product whose apps are to work here unchanged. Headers for an e-mail address are
/// left out: users have none.
pub struct Preset {
    pub name: &'static str,
    pub headers: &'static [(&'static str, Claim)],
}

/// The first is the default.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "default",
        headers: &[
            ("x-forwarded-user", Claim::User),
            ("x-forwarded-phone", Claim::Phone),
            ("x-forwarded-groups", Claim::Groups),
            ("x-forwarded-preferred-username", Claim::Phone),
            ("x-doorcode-assertion", Claim::Assertion(AssertionFormat::Doorcode)),
        ],
    },
    // Its upstreams get the first three; apps behind nginx or Traefik with forward auth get the rest.
    Preset {
        name: "oauth2-proxy",
        headers: &[
            ("x-forwarded-user", Claim::User),
            ("x-forwarded-groups", Claim::Groups),
            ("x-forwarded-preferred-username", Claim::Phone),
            ("x-auth-request-user", Claim::User),
            ("x-auth-request-groups", Claim::Groups),
            ("x-auth-request-preferred-username", Claim::Phone),
        ],
    },
    Preset {
        name: "authelia",
        headers: &[
            ("remote-user", Claim::User),
            ("remote-groups", Claim::Groups),
            ("remote-name", Claim::Phone),
        ],
    },
    Preset {
        name: "pomerium",
        headers: &[
            ("x-pomerium-jwt-assertion", Claim::Assertion(AssertionFormat::Pomerium)),
            ("x-pomerium-claim-user", Claim::User),
            ("x-pomerium-claim-name", Claim::Phone),
            ("x-pomerium-claim-groups", Claim::Groups),
        ],
    },
    Preset {
        name: "cloudflare",
        headers: &[("cf-access-jwt-assertion", Claim::Assertion(AssertionFormat::Cloudflare))],
    },
];

/// The identity headers of one site: header name and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityMapping {
    pub(super) rows: Vec<(HeaderName, Claim)>,
}

impl IdentityMapping {
    /// A preset by its name in [`PRESETS`].
    pub fn preset(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).map(Self::of)
    }

    /// Headers from the configuration; each name has passed [`super::may_carry_identity`].
    pub fn custom(rows: Vec<(HeaderName, Claim)>) -> Self {
        Self { rows }
    }

    fn of(preset: &Preset) -> Self {
        let rows = preset.headers.iter();
        Self { rows: rows.map(|(name, claim)| (HeaderName::from_static(name), *claim)).collect() }
    }

    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.rows.iter().map(|(name, _)| name)
    }

    /// The formats of the assertions in these headers.
    pub fn assertion_formats(&self) -> impl Iterator<Item = AssertionFormat> {
        self.rows.iter().filter_map(|(_, claim)| match claim {
            Claim::Assertion(style) => Some(*style),
            _ => None,
        })
    }
}

impl Default for IdentityMapping {
    fn default() -> Self {
        Self::of(&PRESETS[0])
    }
}
