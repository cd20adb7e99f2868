//! Header names that are removed from what clients send: they tell an app who calls, from where, or
//! what was requested.
use super::presets::IdentityMapping;

/// Names, and prefixes (ending in `-`), that no client may send to any site, folded as [`fold`]
/// does. Covers all that the products of `PRESETS` write, also what we leave out: an app that is
/// moved here may still read it.
const ALWAYS_RESERVED: &[&str] = &[
    "x-forwarded-",
    "x-forwarded",
    "x-real-ip",
    "x-original-",
    "x-rewrite-url",
    "x-doorcode-",
    "x-request-id",
    "forwarded",
    // CGI makes HTTP_PROXY of it, which many libraries obey.
    "proxy",
    "x-auth-request-",
    "remote-user",
    "remote-groups",
    "remote-name",
    "remote-email",
    "x-pomerium-",
    "cf-access-",
];

/// The client's address, as one network or another tells it. Reserved too.
pub(super) const CLIENT_ADDRESS: &[&str] = &[
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "client-ip",
    "fastly-client-ip",
    "forwarded-for",
    "true-client-ip",
    "x-appengine-user-ip",
    "x-client-ip",
    "x-cluster-client-ip",
];

/// Names with a meaning of their own, in HTTP, in browsers or in [`ALWAYS_RESERVED`]: none of them can be
/// configured as an identity header.
const NOT_FOR_IDENTITY: &[&str] = &[
    "accept",
    "accept-",
    "access-control-",
    "alt-used",
    "authorization",
    "cache-control",
    "connection",
    "content-",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-",
    "keep-alive",
    "last-event-id",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "proxy-",
    "range",
    "referer",
    "sec-",
    "service-worker",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-",
    "x-real-ip",
    "x-request-id",
    "x-requested-with",
    "x-rewrite-url",
];

/// Headers by which some frameworks override a request's method.
const METHOD_OVERRIDES: &[&str] = &["x-http-method-override", "x-http-method", "x-method-override"];

/// Whether an app may take a request's method from a header of this name. Sites with rules for some
/// methods only do not get such headers: a `GET` would pass and the app perform a `DELETE`.
pub fn is_method_override(name: &str) -> bool {
    METHOD_OVERRIDES.iter().any(|known| is_same_header(name, known))
}

/// Folds what CGI, WSGI and PHP do not tell apart: they take `X_Forwarded.User` for
/// `X-Forwarded-User`.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b'.' => b'-',
        other => other.to_ascii_lowercase(),
    }
}

/// Whether `name`, folded, is `pattern`, or begins with it where that ends in `-`.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    let begins = || name.bytes().map(fold).zip(pattern.bytes()).all(|(a, b)| a == b);
    let length = if pattern.ends_with('-') {
        name.len() >= pattern.len()
    } else {
        name.len() == pattern.len()
    };
    length && begins()
}

/// Whether a header of this name can be configured as an identity header.
pub fn may_carry_identity(name: &str) -> bool {
    !NOT_FOR_IDENTITY.iter().any(|taken| matches_pattern(name, taken))
}

/// Whether an app may take two header names for the same.
pub fn is_same_header(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().map(fold).eq(other.bytes().map(fold))
}

/// The names that are removed from every request to any site.
#[derive(Clone, Debug)]
pub struct ReservedNames {
    /// Folded.
    patterns: Vec<String>,
    /// Bit set of the patterns' first bytes (ASCII): rules out most headers without a comparison.
    first: u128,
}

impl ReservedNames {
    /// [`ALWAYS_RESERVED`], and the identity headers of `sites`.
    pub fn new<'s>(sites: impl Iterator<Item = &'s IdentityMapping>) -> Self {
        let mut patterns: Vec<String> =
            ALWAYS_RESERVED.iter().chain(CLIENT_ADDRESS).map(|name| (*name).to_owned()).collect();
        for (name, _) in sites.flat_map(|identity| &identity.rows) {
            if !patterns.iter().any(|known| matches_pattern(name.as_str(), known)) {
                patterns.push(name.as_str().bytes().map(|b| char::from(fold(b))).collect());
            }
        }
        let bit = |pattern: &String| pattern.bytes().next().map_or(0, |b| 1_u128 << (b & 0x7f));
        let first = patterns.iter().map(bit).fold(0, |all, bit| all | bit);
        Self { patterns, first }
    }

    /// Whether a header of this name is reserved, in any spelling.
    pub fn contains(&self, name: &str) -> bool {
        let Some(first) = name.bytes().next().map(fold) else { return false };
        let likely = first.is_ascii() && self.first & (1 << first) != 0;
        likely && self.patterns.iter().any(|pattern| matches_pattern(name, pattern))
    }
}
