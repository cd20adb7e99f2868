//! Header names that only we may write: what tells an app who calls, from where, or what was
//! asked for.
use super::presets::Identity;

/// Beginnings (with `-` at the end) and whole names that no client may send, whatever the site,
/// folded as [`fold`] does. All that the products of `PRESETS` write, also what we leave out: an
/// app that is moved here may still look for it.
const ALWAYS: &[&str] = &[
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

/// Names of HTTP, of browsers and of [`ALWAYS`] that have a meaning of their own, so that none of
/// them can tell an app who its caller is.
const TAKEN: &[&str] = &[
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

/// Names by which some frameworks let a request have another method than its own.
const METHOD_OVERRIDES: &[&str] = &["x-http-method-override", "x-http-method", "x-method-override"];

/// Whether an app may take the method of a request from a header of this name. Where rules ask
/// for methods, such headers do not go on: `GET` would pass and the app do a `DELETE`.
pub fn is_method_override(name: &str) -> bool {
    METHOD_OVERRIDES.iter().any(|known| are_one(name, known))
}

/// Folds what upstreams by CGI, WSGI or PHP do not tell apart: they take `X_Forwarded.User` for
/// `X-Forwarded-User`.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b'.' => b'-',
        other => other.to_ascii_lowercase(),
    }
}

/// Whether `name` is `pattern`, or begins with one that ends in `-`.
fn fits(name: &str, pattern: &str) -> bool {
    let begins = || name.bytes().map(fold).zip(pattern.bytes()).all(|(a, b)| a == b);
    let length = if pattern.ends_with('-') {
        name.len() >= pattern.len()
    } else {
        name.len() == pattern.len()
    };
    length && begins()
}

/// Whether a header of this name may tell an app who its caller is.
pub fn may_tell(name: &str) -> bool {
    !TAKEN.iter().any(|taken| fits(name, taken))
}

/// Whether an app may take two names for one.
pub fn are_one(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().map(fold).eq(other.bytes().map(fold))
}

/// The names that are taken out of every request to any site.
#[derive(Clone, Debug)]
pub struct Reserved {
    /// Folded, by their first byte.
    patterns: Vec<String>,
    /// Of each ASCII byte, whether a pattern begins with it: most headers of a request are told
    /// by that alone.
    first: u128,
}

impl Reserved {
    /// What no client may send whatever the sites, and the names that these use.
    pub fn new<'s>(sites: impl Iterator<Item = &'s Identity>) -> Self {
        let mut patterns: Vec<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
        for (name, _) in sites.flat_map(|identity| &identity.rows) {
            if !patterns.iter().any(|known| fits(name.as_str(), known)) {
                patterns.push(name.as_str().bytes().map(|b| char::from(fold(b))).collect());
            }
        }
        let bit = |pattern: &String| pattern.bytes().next().map_or(0, |b| 1_u128 << (b & 0x7f));
        let first = patterns.iter().map(bit).fold(0, |all, bit| all | bit);
        Self { patterns, first }
    }

    /// Whether a header of this name, in any spelling, is one of these.
    pub fn has(&self, name: &str) -> bool {
        let Some(first) = name.bytes().next().map(fold) else { return false };
        let likely = first.is_ascii() && self.first & (1 << first) != 0;
        likely && self.patterns.iter().any(|pattern| fits(name, pattern))
    }
}
