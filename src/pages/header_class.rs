use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Which security headers an answer gets. Each row of the route table names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderClass {
    /// HTML for people.
    Page,
    /// HTML for people, at an address that holds a secret: no other page learns it.
    Callback,
    /// A page of ours that speaks to another page and says itself which script it has. May
    /// stand in a frame or popup.
    Message,
    /// Data for scripts.
    Json,
    /// Data for scripts of other origins, as CORS allows them.
    Api,
    /// The same, asked for with cookies.
    ApiWithCredentials,
    /// A script for pages of other origins.
    Script,
    /// A file whose address changes with its content.
    Asset,
}

const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
const NO_STORE: (&str, &str) = ("cache-control", "no-store");

/// `same-origin`, because with `no-referrer` Chromium posts `Origin: null`, which is never taken.
const PAGE: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "same-origin"),
    NO_STORE,
    NOSNIFF,
];
/// There is no form on these pages.
const CALLBACK: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    NO_STORE,
    NOSNIFF,
];
const MESSAGE: &[(&str, &str)] = &[("referrer-policy", "no-referrer"), NO_STORE, NOSNIFF];
const JSON: &[(&str, &str)] = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    NO_STORE,
    NOSNIFF,
];
const SCRIPT: &[(&str, &str)] = &[("cross-origin-resource-policy", "cross-origin"), NOSNIFF];
const ASSET: &[(&str, &str)] = &[
    ("cache-control", "public, max-age=31536000, immutable"),
    ("cross-origin-resource-policy", "cross-origin"),
    NOSNIFF,
];

impl HeaderClass {
    /// Writes the headers of the class; what a handler has written itself stays.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let table = match self {
            Self::Page => PAGE,
            Self::Callback => CALLBACK,
            Self::Json | Self::Api | Self::ApiWithCredentials => JSON,
            Self::Message => MESSAGE,
            Self::Script => SCRIPT,
            Self::Asset => ASSET,
        };
        for (name, value) in table {
            let name = HeaderName::from_static(name);
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
}
