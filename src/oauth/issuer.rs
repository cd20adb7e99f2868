use std::fmt;

use crate::domain::Origin;

/// The issuer identifier (OpenID Connect Core 1.0 §2, `iss`): `server.public_url` and exactly one
/// slash. Always that of the configuration, never derived from a `Host` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    origin: Origin,
    /// `""` on a host of its own, else the reserved prefix, such as `/.doorcode`.
    base: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidIssuer {
    #[error("is not a URL such as https://auth.example.com")]
    NotAUrl,
    #[error("may not have a user, query or fragment")]
    TooMuch,
    #[error(
        "has the path `{found}`; it must be empty (a host of its own) or `{prefix}` (server.prefix)"
    )]
    WrongPath { found: String, prefix: String },
}

impl Issuer {
    /// Reads `server.public_url`; `prefix`: the reserved one of all sites.
    ///
    /// # Errors
    ///
    /// [`InvalidIssuer`].
    pub fn parse(public_url: &str, prefix: &str) -> Result<Self, InvalidIssuer> {
        let url = url::Url::parse(public_url).map_err(|_| InvalidIssuer::NotAUrl)?;
        let origin = Origin::of(&url).map_err(|_| InvalidIssuer::NotAUrl)?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(InvalidIssuer::TooMuch);
        }
        let base = url.path().trim_end_matches('/').to_owned();
        if !base.is_empty() && base != prefix {
            return Err(InvalidIssuer::WrongPath { found: base, prefix: prefix.to_owned() });
        }
        Ok(Self { origin, base })
    }

    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path that precedes our own: `""` or the reserved prefix.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The absolute URL of one of our own paths, such as `/login`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.base)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/", self.origin, self.base)
    }
}
