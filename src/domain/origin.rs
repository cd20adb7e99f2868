use std::fmt;
use std::net::IpAddr;

/// A host as browsers compare it: lower case, ASCII (punycode), without port.
///
/// Session tokens belong to a host, not to an origin: browsers send a cookie to every port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a host in its canonical form")]
pub struct InvalidHost;

impl Host {
    /// Reads what [`Self::as_str`] returned.
    ///
    /// # Errors
    ///
    /// [`InvalidHost`] for any other text, even if it is another spelling of a host.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        let host = url::Host::parse(text).map_err(|_| InvalidHost)?;
        (host.to_string() == text).then(|| Self(text.to_owned())).ok_or(InvalidHost)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `localhost`, `*.localhost`, or an address in 127.0.0.0/8 or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        let literal = self.0.trim_start_matches('[').trim_end_matches(']');
        self.0 == "localhost"
            || self.0.ends_with(".localhost")
            || literal.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Top-level domains that no public name has: RFC 6762, ICANN's resolution of 2024 on `.internal`, RFC
/// 8375, and the usual name of routers' networks.
const PRIVATE_DOMAINS: [&str; 4] = [".local", ".internal", ".home.arpa", ".lan"];

impl Host {
    /// Whether this is a host of a private network, which no public name leads to: an address of RFC
    /// 1918, RFC 4193 or a link, or a name of one label or below a private domain.
    pub fn is_private(&self) -> bool {
        let literal = self.0.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
            Ok(IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
            Err(_) => {
                let below = |domain: &&str| {
                    self.0.strip_suffix(domain).is_some_and(|above| !above.is_empty())
                };
                !self.0.contains('.') || PRIVATE_DOMAINS.iter().any(below)
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scheme, host and port (RFC 6454), as in an `Origin` header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    host: Host,
    port: u16,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an http or https URL with a host")]
pub struct InvalidOrigin;

impl Origin {
    /// The origin of an absolute `http` or `https` URL.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for another scheme, or without a host.
    pub fn of(url: &url::Url) -> Result<Self, InvalidOrigin> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(InvalidOrigin),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidOrigin)?;
        let port = url.port_or_known_default().ok_or(InvalidOrigin)?;
        Ok(Self { https, host: Host(host.to_ascii_lowercase()), port })
    }

    /// Reads an `Origin` header.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for anything but a scheme, a host and a port; also for `null`.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let origin = Self::of(&url::Url::parse(text).map_err(|_| InvalidOrigin)?)?;
        (origin.to_string() == text.to_ascii_lowercase()).then_some(origin).ok_or(InvalidOrigin)
    }

    pub const fn is_https(&self) -> bool {
        self.https
    }

    pub const fn host(&self) -> &Host {
        &self.host
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub const fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// Host and port as in a `Host` header: without the scheme's default port.
    pub fn authority(&self) -> String {
        match (self.https, self.port) {
            (true, 443) | (false, 80) => self.host.0.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

/// A configured origin, or with `*.` all origins one DNS label below a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    Exact(Origin),
    /// `https://*.example.com`. As in certificates (RFC 6125 §6.4.3), `*` is exactly one label.
    Below(Origin),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPattern {
    #[error("is not an origin such as https://app.example.com or https://*.example.com")]
    NotAnOrigin,
    #[error("would let every site in; name the origins whose pages may ask")]
    Everybody,
    #[error("names a whole top-level domain, which belongs to everybody")]
    TopLevel,
    #[error("must be https; plain http is only for localhost")]
    Plain,
}

impl OriginPattern {
    /// # Errors
    ///
    /// [`InvalidPattern`]: among others for plain HTTP except on loopback hosts, since an attacker on
    /// the network could serve such a page.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        if text == "*" || text.ends_with("://*") {
            return Err(InvalidPattern::Everybody);
        }
        let below = text.split_once("://*.").map(|(scheme, host)| format!("{scheme}://{host}"));
        let named = below.as_deref().unwrap_or(text);
        let origin = Origin::parse(named).map_err(|_| InvalidPattern::NotAnOrigin)?;
        let host = origin.host().as_str();
        if host.contains('*') {
            return Err(InvalidPattern::NotAnOrigin);
        }
        if !origin.is_https() && !origin.host().is_loopback() {
            return Err(InvalidPattern::Plain);
        }
        match below {
            None => Ok(Self::Exact(origin)),
            Some(_) if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') => {
                Err(InvalidPattern::NotAnOrigin)
            }
            Some(_) if !host.contains('.') && host != "localhost" => Err(InvalidPattern::TopLevel),
            Some(_) => Ok(Self::Below(origin)),
        }
    }

    pub fn matches(&self, origin: &Origin) -> bool {
        match self {
            Self::Exact(known) => known == origin,
            Self::Below(parent) => {
                let label = |host: &str| {
                    let rest = host.strip_suffix(parent.host().as_str())?.strip_suffix('.')?;
                    (!rest.is_empty() && !rest.contains('.')).then_some(())
                };
                parent.https == origin.https
                    && parent.port == origin.port
                    && label(origin.host().as_str()).is_some()
            }
        }
    }
}
