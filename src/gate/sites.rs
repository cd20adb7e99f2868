use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;

use super::framed_by::FramedBy;
use super::presets::IdentityMapping;
use super::upstream_pool::{PoolOptions, UpstreamProtocol};
use crate::domain::{ClientId, ContentDigest, Country, Origin, OriginPattern, PhoneNumber, Role};

/// An app behind the gate.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    pub url: SiteUrl,
    /// Tried in turn. Empty: the app is behind another proxy, which asks (forward authentication).
    pub upstreams: Vec<Upstream>,
    pub identity: IdentityMapping,
    pub upstream_options: UpstreamOptions,
    /// Origins whose pages may make requests with a session; the site's own always may.
    pub allowed_origins: Vec<OriginPattern>,
    /// Who may show it in a frame and lets people log in there.
    pub framed_by: FramedBy,
    pub hsts: Hsts,
    /// The authorities one of whose certificates a client needs as well, by the digest of their file.
    pub client_roots: Option<ContentDigest>,
    /// Whether programs may present personal access tokens.
    pub personal_access_tokens: bool,
    /// Whether the app takes `/Admin` for `/admin`; rules then ignore case too.
    pub ignore_case: bool,
    pub mode: RuleMode,
    /// The first that matches decides; without a match, signed-in users pass.
    pub rules: Vec<Rule>,
}

/// What a site's rules do to a request that they do not let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleMode {
    /// It is refused, or led to the login.
    #[default]
    Enforce,
    /// It is passed to the app all the same, and reported.
    Report,
}

/// How requests are sent to a site's upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamOptions {
    /// Limit for a request's body, bytes.
    pub max_body: u64,
    /// How long the app may send nothing.
    pub timeout: Duration,
    /// The value of `Host`; `None`: the client's.
    pub send_host: Option<HeaderValue>,
    /// Whether the site's own path is removed from the request's.
    pub strip_prefix: bool,
    pub pool: PoolOptions,
}

impl Default for UpstreamOptions {
    fn default() -> Self {
        Self {
            // The default of Apache's `LimitRequestBody` since 2.4.54.
            max_body: 1 << 30,
            timeout: Duration::from_mins(1),
            send_host: None,
            strip_prefix: false,
            pool: PoolOptions::default(),
        }
    }
}

impl Site {
    /// Whether a rule is for some methods only.
    pub fn has_method_rules(&self) -> bool {
        self.rules.iter().any(|rule| !rule.methods.is_empty())
    }
}

/// The public URL of a site: its `url` in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUrl {
    pub origin: Origin,
    /// `""`, or a path prefix without a trailing slash, such as `/shop`.
    pub path: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSiteUrl {
    #[error("is not a URL such as https://shop.example.com")]
    NotAUrl,
    #[error("may not have a user, query or fragment")]
    HasExtraParts,
    #[error("has a path that is not plain: only a-z A-Z 0-9 - . _ ~ between single slashes")]
    UnsafePath,
}

impl SiteUrl {
    /// Parses a `url` of the configuration.
    ///
    /// # Errors
    /// When it is no http(s) URL, or has more than an origin and a plain path.
    pub fn parse(text: &str) -> Result<Self, InvalidSiteUrl> {
        let url = url::Url::parse(text).map_err(|_| InvalidSiteUrl::NotAUrl)?;
        let origin = Origin::of(&url).map_err(|_| InvalidSiteUrl::NotAUrl)?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err(InvalidSiteUrl::HasExtraParts);
        }
        let path = url.path().trim_end_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        if path.contains("//") || !path.bytes().all(plain) {
            return Err(InvalidSiteUrl::UnsafePath);
        }
        Ok(Self { origin, path: path.to_owned() })
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// The `Strict-Transport-Security` header of a site (RFC 6797).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// No header.
    Off,
    /// `max-age`; zero makes browsers forget an earlier one.
    MaxAge(Duration),
}

/// Where an app listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    Address(SocketAddr, UpstreamProtocol),
    /// A host name and port; resolved in the background, never during a request.
    Name(String, u16, UpstreamProtocol),
    /// The absolute path of a Unix socket, plain http.
    Unix(PathBuf),
    /// The built-in demo app.
    Demo,
}

impl Upstream {
    pub const fn protocol(&self) -> UpstreamProtocol {
        match self {
            Self::Address(_, protocol) | Self::Name(_, _, protocol) => *protocol,
            Self::Unix(_) | Self::Demo => UpstreamProtocol::Http,
        }
    }
}

/// As in a site's `upstreams`.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.protocol().scheme())?;
        match self {
            Self::Address(address, _) => write!(f, "{address}"),
            Self::Name(host, port, _) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Demo => f.write_str("demo"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub path: PathPattern,
    /// Empty: every method.
    pub methods: Vec<http::Method>,
    /// Callers who match any of these pass.
    pub allow: Vec<Principal>,
    /// A further condition: the client's address is in one of these. Empty: no condition.
    pub from: Vec<IpNet>,
    /// A further condition for users: they logged in no longer ago than this. `None`: no condition.
    pub fresh: Option<Duration>,
}

/// Whom a rule lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Everybody; no session is looked up.
    Public,
    /// Everybody; the app learns who is signed in.
    Optional,
    SignedIn,
    Role(Role),
    Phone(PhoneNumber),
    Country(Country),
    /// A client, whoever it acts for.
    Client(ClientId),
}

/// `/exact`, or `/below/*`, which also matches `/below` and `/below/`. Relative to the site. A segment
/// `*` before the end stands for any one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    pub(super) path: String,
    pub(super) below: bool,
    /// Whether `path` has segments `*`.
    pub(super) has_wildcards: bool,
}

/// The segment that stands for any one.
pub(super) const WILDCARD: &str = "*";

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must start with `/`, be plain text without `%`, `?`, `#`, `;`, `//` or dot segments, and have `*` only as a whole segment"
)]
pub struct InvalidPath;

impl PathPattern {
    /// Parses a rule's `path`.
    ///
    /// # Errors
    /// When it is not a plain path, see [`InvalidPath`].
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let (path, below) = match text.strip_suffix("/*") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let plain = |b: u8| b.is_ascii_graphic() && !b"%?#;\\".contains(&b);
        let whole = |segment: &str| segment == WILDCARD || !segment.contains(WILDCARD);
        let good = text.starts_with('/')
            && !path.contains("//")
            && path.bytes().all(plain)
            && path.split('/').all(whole)
            && !path.split('/').any(|segment| matches!(segment, "." | ".."));
        let has_wildcards = path.contains(WILDCARD);
        good.then(|| Self { path: path.to_owned(), below, has_wildcards }).ok_or(InvalidPath)
    }
}

/// As in a rule's `path`.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        f.write_str(if self.below { "/*" } else { "" })
    }
}

/// As in a rule's `allow`. A phone number shows its last digits only.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Optional => f.write_str("optional"),
            Self::SignedIn => f.write_str("signed-in"),
            Self::Role(role) => write!(f, "role:{}", role.as_str()),
            Self::Phone(phone) => write!(f, "phone:{phone}"),
            Self::Country(country) => write!(f, "country:{}", country.as_str()),
            Self::Client(id) => write!(f, "client:{id}"),
        }
    }
}
