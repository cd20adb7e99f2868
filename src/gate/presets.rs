//! Which headers tell an app who its caller is.
use http::header::HeaderName;

use crate::oauth::Style;

/// What a header says of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The user's id.
    User,
    /// The number, in E.164.
    Phone,
    /// The roles, with commas between them; no header when there are none.
    Groups,
    /// The session's id.
    Session,
    /// The whole, signed.
    Assertion(Style),
    /// Nothing: a name that only stands here to be taken out of what clients send.
    Nothing,
}

/// What a map of an operator's own may name, as the claims of an assertion are called.
pub const CLAIMS: &[(&str, Claim)] = &[
    ("sub", Claim::User),
    ("phone_number", Claim::Phone),
    ("groups", Claim::Groups),
    ("sid", Claim::Session),
    ("assertion", Claim::Assertion(Style::Doorcode)),
    ("none", Claim::Nothing),
];

/// The headers of a product whose apps are to work here unchanged. What that product would fill
/// with an e-mail address is left out: there is none.
pub struct Preset {
    pub name: &'static str,
    pub headers: &'static [(&'static str, Claim)],
}

/// The first is the one that a site has when it names none.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "default",
        headers: &[
            ("x-forwarded-user", Claim::User),
            ("x-forwarded-phone", Claim::Phone),
            ("x-forwarded-groups", Claim::Groups),
            ("x-forwarded-preferred-username", Claim::Phone),
            ("x-doorcode-assertion", Claim::Assertion(Style::Doorcode)),
        ],
    },
    // Its own upstreams get the first three; apps behind nginx or Traefik that ask it get the rest.
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
            ("x-pomerium-jwt-assertion", Claim::Assertion(Style::Pomerium)),
            ("x-pomerium-claim-user", Claim::User),
            ("x-pomerium-claim-name", Claim::Phone),
            ("x-pomerium-claim-groups", Claim::Groups),
        ],
    },
    Preset {
        name: "cloudflare",
        headers: &[("cf-access-jwt-assertion", Claim::Assertion(Style::Cloudflare))],
    },
];

/// Which headers tell the app of a site who its caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub(super) rows: Vec<(HeaderName, Claim)>,
}

impl Identity {
    /// The rows of [`PRESETS`] by name.
    pub fn preset(name: &str) -> Option<Self> {
        PRESETS.iter().find(|preset| preset.name == name).map(Self::of)
    }

    /// Names of an operator's own; each has passed [`may_tell`].
    pub fn own(rows: Vec<(HeaderName, Claim)>) -> Self {
        Self { rows }
    }

    fn of(preset: &Preset) -> Self {
        let rows = preset.headers.iter();
        Self { rows: rows.map(|(name, claim)| (HeaderName::from_static(name), *claim)).collect() }
    }

    /// The manners in which assertions are written here.
    pub fn styles(&self) -> impl Iterator<Item = Style> {
        self.rows.iter().filter_map(|(_, claim)| match claim {
            Claim::Assertion(style) => Some(*style),
            _ => None,
        })
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::of(&PRESETS[0])
    }
}
