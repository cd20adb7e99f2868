//! Forward authentication: another proxy asks whether a request may pass, and describes it.
use http::{HeaderMap, HeaderValue, Method};
use ipnet::IpNet;
use subtle::ConstantTimeEq as _;

use super::client_ip::is_trusted_proxy;
use super::reserved::CLIENT_ADDRESS;
use crate::domain::{Peer, Secret};

/// The header in which a proxy proves that it knows `forward_auth.secret`.
pub const FORWARD_AUTH_SECRET: &str = "x-doorcode-forward-auth";
/// The name of the path below the reserved prefix.
const CHECK: &str = "/check";

/// Whose descriptions of requests are believed: `[forward_auth]`.
#[derive(Clone, Debug, Default)]
pub struct ForwardAuthSettings {
    /// The socket's peers.
    pub from: Vec<IpNet>,
    /// Whether a peer on a Unix socket is one of them.
    pub from_unix_socket: bool,
    pub secret: Option<Secret>,
}

impl ForwardAuthSettings {
    /// Whether there are any.
    pub const fn is_on(&self) -> bool {
        !self.from.is_empty() || self.from_unix_socket || self.secret.is_some()
    }

    /// Whether a request comes from such a proxy.
    pub fn believes(&self, peer: Peer, headers: &HeaderMap) -> bool {
        let is_listed = match peer {
            Peer::Address(address) => is_trusted_proxy(address, &self.from),
            Peer::UnixSocket => self.from_unix_socket,
        };
        is_listed || self.is_proved(headers)
    }

    fn is_proved(&self, headers: &HeaderMap) -> bool {
        let Some(secret) = &self.secret else { return false };
        only(headers, FORWARD_AUTH_SECRET)
            .is_some_and(|given| given.as_bytes().ct_eq(secret.reveal().as_bytes()).into())
    }
}

/// What the proxy that asks does with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardAuthMode {
    /// It knows 200, 401 and 403 and passes on none of them: nginx's `auth_request`.
    Verdict,
    /// 2xx lets the request pass, everything else goes to the client: Traefik, Caddy, `HAProxy`.
    Relay,
    /// As `Relay`, with the request's own method, host and path after ours: Envoy's `ext_authz`.
    ExtAuthz,
    /// It knows that the request may not pass, and wants the answer for the client: nginx's `error_page`.
    Answer,
}

/// The modes by what follows `{prefix}/check`.
const MODES: [(&str, ForwardAuthMode); 3] = [
    ("", ForwardAuthMode::Verdict),
    ("/forward-auth", ForwardAuthMode::Relay),
    ("/answer", ForwardAuthMode::Answer),
];
/// Before the path of the request that is asked about.
const EXT_AUTHZ: &str = "/ext-authz";

impl ForwardAuthMode {
    /// The mode that a target (path and query) below `prefix` asks for, with what follows it; `None`: it
    /// is another path.
    pub fn of<'t>(target: &'t str, prefix: &str) -> Option<(Self, &'t str)> {
        let rest = target.strip_prefix(prefix)?.strip_prefix(CHECK)?;
        if let Some(asked) = rest.strip_prefix(EXT_AUTHZ).filter(|asked| asked.starts_with('/')) {
            return Some((Self::ExtAuthz, asked));
        }
        let path = rest.split('?').next().unwrap_or_default();
        let mode = MODES.iter().find(|(name, _)| *name == path)?.1;
        Some((mode, ""))
    }
}

/// The request that a proxy asks about. Nothing of it has been checked but for its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardedRequest {
    pub method: Method,
    /// `http` or `https`.
    pub scheme: &'static str,
    pub host: HeaderValue,
    /// Path and query, as the client sent them.
    pub target: String,
}

/// Why a description is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidForwarded {
    #[error("`{0}` is missing or given twice")]
    NotOne(&'static str),
    #[error("`{0}` has no value that it can have")]
    Odd(&'static str),
}

const METHOD: &str = "x-forwarded-method";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const URI: &str = "x-forwarded-uri";

impl ForwardedRequest {
    /// Reads `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`, each of which must be there once.
    ///
    /// # Errors
    /// [`InvalidForwarded`], with the header's name.
    pub fn read(headers: &HeaderMap) -> Result<Self, InvalidForwarded> {
        let one = |name| only(headers, name).ok_or(InvalidForwarded::NotOne(name));
        let method = one(METHOD)?;
        let method = Method::from_bytes(method.as_bytes());
        let target = one(URI)?.to_str().ok().filter(|target| is_origin_form(target));
        Ok(Self {
            method: method.map_err(|_| InvalidForwarded::Odd(METHOD))?,
            scheme: scheme(one(PROTO)?)?,
            host: one(HOST)?.clone(),
            target: target.ok_or(InvalidForwarded::Odd(URI))?.to_owned(),
        })
    }

    /// Envoy's request is the one that it asks about, with `target` in place of its path.
    ///
    /// # Errors
    /// [`InvalidForwarded`], with the header's name.
    pub fn of_ext_authz(
        (method, host, target): (&Method, &HeaderValue, &str),
        headers: &HeaderMap,
    ) -> Result<Self, InvalidForwarded> {
        let proto = only(headers, PROTO).ok_or(InvalidForwarded::NotOne(PROTO))?;
        let target = Some(target).filter(|target| is_origin_form(target));
        Ok(Self {
            method: method.clone(),
            scheme: scheme(proto)?,
            host: host.clone(),
            target: target.ok_or(InvalidForwarded::Odd("path"))?.to_owned(),
        })
    }
}

/// What proxies write themselves into the requests that they pass on and ask about.
const WRITTEN_BY_PROXIES: &[&str] = &[
    FORWARD_AUTH_SECRET,
    METHOD,
    PROTO,
    HOST,
    URI,
    "forwarded",
    "x-forwarded-by",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-tls-client-cert",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-real-ip",
    "x-request-id",
];

/// Whether proxies write a header of this name, in this spelling. Every other reserved name comes from
/// the client, and would reach the app where the proxy does not delete it.
pub fn is_written_by_proxies(name: &str) -> bool {
    WRITTEN_BY_PROXIES.contains(&name) || CLIENT_ADDRESS.contains(&name)
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn scheme(value: &HeaderValue) -> Result<&'static str, InvalidForwarded> {
    let known = ["http", "https"].into_iter().find(|scheme| value.as_bytes() == scheme.as_bytes());
    known.ok_or(InvalidForwarded::Odd(PROTO))
}

/// RFC 9112 §3.2.1, without the fragment that no client sends.
fn is_origin_form(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    const GOOD: [(&str, &str); 4] =
        [(METHOD, "GET"), (PROTO, "https"), (HOST, "a.example"), (URI, "/a%2Fb?c=/d")];

    #[test]
    fn a_whole_description_is_read() {
        let read = ForwardedRequest::read(&headers(&GOOD)).unwrap();
        assert_eq!((read.method, read.scheme), (Method::GET, "https"));
        assert_eq!((read.host, read.target), ("a.example".parse().unwrap(), "/a%2Fb?c=/d".into()));
    }

    #[test]
    fn one_that_is_missing_doubled_or_odd_is_refused_by_its_name() {
        for (at, (name, _)) in GOOD.iter().enumerate() {
            let mut without = GOOD.to_vec();
            without.remove(at);
            let twice = [&GOOD[..], &GOOD[at..=at]].concat();
            for lines in [without, twice] {
                let read = ForwardedRequest::read(&headers(&lines));
                assert_eq!(read, Err(InvalidForwarded::NotOne(name)));
            }
        }
        for (name, odd) in [
            (METHOD, ""),
            (METHOD, "GET, POST"),
            (PROTO, "HTTPS"),
            (PROTO, "https, http"),
            (PROTO, "wss"),
            (URI, ""),
            (URI, "a"),
            (URI, "*"),
            (URI, "https://a.example/"),
            (URI, "/a b"),
            (URI, "/a#b"),
            (URI, "/a\tb"),
        ] {
            let lines = GOOD.map(|(known, value)| (known, if known == name { odd } else { value }));
            let read = ForwardedRequest::read(&headers(&lines));
            assert_eq!(read, Err(InvalidForwarded::Odd(name)), "{name}: {odd}");
        }
    }

    #[test]
    fn each_mode_has_its_path() {
        use ForwardAuthMode::{Answer, ExtAuthz, Relay, Verdict};
        for (target, mode) in [
            ("/.doorcode/check", Some((Verdict, ""))),
            ("/.doorcode/check?x=1", Some((Verdict, ""))),
            ("/.doorcode/check/forward-auth", Some((Relay, ""))),
            ("/.doorcode/check/answer", Some((Answer, ""))),
            ("/.doorcode/check/ext-authz/a/b?c", Some((ExtAuthz, "/a/b?c"))),
            ("/.doorcode/check/ext-authz", None),
            ("/.doorcode/check/ext-authzz/a", None),
            ("/.doorcode/checks", None),
            ("/.doorcode/check/", None),
            ("/.doorcode/login", None),
            ("/check", None),
        ] {
            assert_eq!(ForwardAuthMode::of(target, "/.doorcode"), mode, "{target}");
        }
    }

    #[test]
    fn only_listed_peers_and_those_who_know_the_secret_are_believed() {
        let peer = |text: &str| Peer::Address(text.parse().unwrap());
        let listed = ForwardAuthSettings {
            from: vec!["10.0.0.0/8".parse().unwrap()],
            ..ForwardAuthSettings::default()
        };
        let none = HeaderMap::new();
        assert!(listed.believes(peer("10.1.2.3"), &none));
        assert!(listed.believes(peer("::ffff:10.1.2.3"), &none));
        assert!(!listed.believes(peer("11.1.2.3"), &none));
        let secret = ForwardAuthSettings {
            secret: Some(Secret::new("key")),
            ..ForwardAuthSettings::default()
        };
        let with = |values: &[&'static str]| {
            let lines: Vec<_> = values.iter().map(|v| (FORWARD_AUTH_SECRET, *v)).collect();
            secret.believes(peer("11.1.2.3"), &headers(&lines))
        };
        assert!(with(&["key"]) && !with(&["kez"]) && !with(&[]) && !with(&["key", "key"]));
        let off = ForwardAuthSettings::default();
        assert!(!off.is_on() && !off.believes(peer("127.0.0.1"), &none));
    }
}
