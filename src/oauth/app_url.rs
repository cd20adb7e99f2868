use std::fmt;

use crate::domain::Origin;

/// A URL of an app that a browser is redirected to. Compared byte for byte (RFC 9700 §2.1), without
/// normalising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppUrl {
    text: String,
    /// `None`: a private-use scheme (RFC 8252 §7.1), which no page can have.
    origin: Option<Origin>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidAppUrl {
    #[error("is not a URL such as https://app.example.com/callback or com.example.app:/callback")]
    NotAUrl,
    #[error("has a fragment, which is where the response goes")]
    Fragment,
    #[error("has a user name or password")]
    User,
    #[error("has a `*`: every URL is compared as it is written; write each one")]
    Wildcard,
    #[error("must be https; plain http is only for localhost")]
    Plain,
    #[error("has a scheme that browsers handle themselves, so that it reaches no app")]
    NoApp,
    #[error("is not as browsers write it; write {0}")]
    Unusual(String),
}

/// Schemes that browsers handle themselves.
const BROWSERS_OWN: &[&str] = &[
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

impl AppUrl {
    /// Reads a URL that a request names, which may have the port that its scheme has anyway: a native
    /// app that listens there says so as it says any other port.
    ///
    /// # Errors
    ///
    /// [`InvalidAppUrl`].
    pub fn of_request(text: &str) -> Result<Self, InvalidAppUrl> {
        let parsed = Self::parse(text);
        let Err(InvalidAppUrl::Unusual(usual)) = &parsed else { return parsed };
        let url = Self::parse(usual)?;
        let rest = url.after_authority();
        match usual.strip_suffix(rest) {
            Some(origin) if text == format!("{origin}:80{rest}") => {
                Ok(Self { text: text.to_owned(), ..url })
            }
            _ => parsed,
        }
    }

    /// Reads a configured URL.
    ///
    /// # Errors
    ///
    /// [`InvalidAppUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidAppUrl> {
        let plain = |b: u8| b.is_ascii_graphic();
        let url = url::Url::parse(text).map_err(|_| InvalidAppUrl::NotAUrl)?;
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(InvalidAppUrl::NotAUrl);
        }
        if BROWSERS_OWN.contains(&url.scheme()) {
            return Err(InvalidAppUrl::NoApp);
        }
        if text.contains('#') {
            return Err(InvalidAppUrl::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidAppUrl::User);
        }
        if text.contains('*') {
            return Err(InvalidAppUrl::Wildcard);
        }
        let origin = match url.scheme() {
            "http" | "https" => Some(Origin::of(&url).map_err(|_| InvalidAppUrl::NotAUrl)?),
            _ => None,
        };
        if let Some(origin) = &origin {
            if !origin.is_https() && !origin.host().is_loopback() {
                return Err(InvalidAppUrl::Plain);
            }
            // `https://app.example.com` is taken as it is, although browsers add a slash.
            let written = url.as_str();
            if written != text && written != format!("{text}/") {
                return Err(InvalidAppUrl::Unusual(written.to_owned()));
            }
        }
        Ok(Self { text: text.to_owned(), origin })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `asked` differs only in the port, on a host that is the person's own machine: a native
    /// app listens on whichever port is free (RFC 8252 §7.3, RFC 9700 §2.1).
    pub fn is_loopback_of(&self, asked: &Self) -> bool {
        let (Some(known), Some(given)) = (&self.origin, &asked.origin) else { return false };
        !known.is_https()
            && !given.is_https()
            && known.host() == given.host()
            && known.host().is_loopback()
            && self.after_authority() == asked.after_authority()
    }

    /// Path and query of a web address.
    fn after_authority(&self) -> &str {
        let authority = self.text.split_once("://").map_or("", |(_, rest)| rest);
        authority.find(['/', '?']).map_or("", |at| &authority[at..])
    }

    /// `None` for a private-use scheme.
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl fmt::Display for AppUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
