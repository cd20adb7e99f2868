use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;

use super::presets::Identity;
use crate::domain::{ClientId, Country, Origin, OriginPattern, PhoneNumber, Role};

/// An app behind the gate.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    pub place: SitePlace,
    /// Tried in turn; never empty.
    pub upstreams: Vec<Upstream>,
    pub identity: Identity,
    pub passage: Passage,
    /// Whose pages may use what needs a login; the site's own always may.
    pub allowed_origins: Vec<OriginPattern>,
    pub hsts: Hsts,
    /// Whether the app takes `/Admin` for `/admin`; rules are compared as it does.
    pub ignore_case: bool,
    /// The first that matches decides; none means signed-in.
    pub rules: Vec<Rule>,
}

/// How a site's requests are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The longest body of a request, bytes.
    pub max_body: u64,
    /// How long the app may be silent.
    pub timeout: Duration,
    /// What stands in `Host`; `None`: what the visitor's request has there.
    pub send_host: Option<HeaderValue>,
    /// Whether the app gets paths without that of [`SitePlace`].
    pub strip_prefix: bool,
}

impl Default for Passage {
    fn default() -> Self {
        Self {
            // As Apache's `LimitRequestBody` has it since 2.4.54.
            max_body: 1 << 30,
            timeout: Duration::from_mins(1),
            send_host: None,
            strip_prefix: false,
        }
    }
}

impl Site {
    /// Whether a rule is for some methods only.
    pub fn asks_for_methods(&self) -> bool {
        self.rules.iter().any(|rule| !rule.methods.is_empty())
    }
}

/// Where the world finds a site: its `url`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePlace {
    pub origin: Origin,
    /// `""`, or a path prefix without a slash at its end, such as `/shop`.
    pub path: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSite {
    #[error("is not a URL such as https://shop.example.com")]
    NotAUrl,
    #[error("may not have a user, query or fragment")]
    TooMuch,
    #[error("has a path that is not plain: only a-z A-Z 0-9 - . _ ~ between single slashes")]
    OddPath,
}

impl SitePlace {
    pub fn parse(text: &str) -> Result<Self, InvalidSite> {
        let url = url::Url::parse(text).map_err(|_| InvalidSite::NotAUrl)?;
        let origin = Origin::of(&url).map_err(|_| InvalidSite::NotAUrl)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err(InvalidSite::TooMuch);
        }
        let path = url.path().trim_end_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        if path.contains("//") || !path.bytes().all(plain) {
            return Err(InvalidSite::OddPath);
        }
        Ok(Self { origin, path: path.to_owned() })
    }
}

impl fmt::Display for SitePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// What browsers are told about the use of https for a host (RFC 6797).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// Nothing.
    Off,
    /// To use nothing else for so long; zero: to forget it.
    For(Duration),
}

/// Where requests of a site go on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// An address, plain http.
    Address(SocketAddr),
    /// A host name and port, plain http; resolved in the background, never on a request's way.
    Name(String, u16),
    /// The absolute path of a Unix socket.
    Unix(PathBuf),
    /// The app that is built in, for the demo.
    Demo,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub path: PathPattern,
    /// Empty: every method.
    pub methods: Vec<http::Method>,
    /// Any of these lets a caller in.
    pub allow: Vec<Who>,
    /// A further condition: the client's address lies in one of these. Empty: none.
    pub from: Vec<IpNet>,
}

/// Who may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody; no session is looked for.
    Public,
    /// Everybody; who is signed in is told to the app.
    Optional,
    SignedIn,
    Role(Role),
    Phone(PhoneNumber),
    Country(Country),
    /// An application, whoever it acts for.
    Client(ClientId),
}

/// `/exact` or `/below/*`, which also names `/below` and `/below/`. Relative to the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    pub(super) path: String,
    pub(super) below: bool,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must start with `/`, be plain text without `%`, `?`, `#`, `;`, `//` or dot segments, and have `*` only as `/*` at its end"
)]
pub struct InvalidPath;

impl PathPattern {
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let (path, below) = match text.strip_suffix("/*") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let plain = |b: u8| b.is_ascii_graphic() && !b"%?#;*\\".contains(&b);
        let good = text.starts_with('/')
            && !path.contains("//")
            && path.bytes().all(plain)
            && !path.split('/').any(|segment| matches!(segment, "." | ".."));
        good.then(|| Self { path: path.to_owned(), below }).ok_or(InvalidPath)
    }
}
