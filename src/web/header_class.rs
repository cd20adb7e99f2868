use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Which security headers an answer gets. Each row of the route table names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderClass {
    /// HTML for people.
    Page,
    /// Data for scripts.
    Json,
    /// A file whose address changes with its content.
    Asset,
}

const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
const NO_STORE: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// `same-origin`, because with `no-referrer` Chromium posts `Origin: null`, which is never taken.
const PAGE: &[(HeaderName, &str)] = &[
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    NO_STORE,
    NOSNIFF,
];
const JSON: &[(HeaderName, &str)] = &[
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    NO_STORE,
    NOSNIFF,
];
const ASSET: &[(HeaderName, &str)] = &[
    (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    NOSNIFF,
];

impl HeaderClass {
    /// Writes the headers of the class; what a handler has written itself stays.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        let table = match self {
            Self::Page => PAGE,
            Self::Json => JSON,
            Self::Asset => ASSET,
        };
        for (name, value) in table {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
}
