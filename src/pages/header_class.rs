use http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue};

use crate::gate::FramedBy;

/// Which security headers an answer gets. Each route has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderClass {
    /// HTML for people, part of a login: an application may have opened it in a popup, which sends a
    /// message to its opener in the end. No `Cross-Origin-Opener-Policy` therefore.
    Page,
    /// HTML for people that no application opens.
    AccountPage,
    /// The same with a form that is sent on to an app, which may answer with a redirect to anywhere:
    /// Chromium applies `form-action` to every later hop.
    FormPage,
    /// HTML for people, at a URL that holds a secret: never sent as `Referer`.
    Callback,
    /// A page that sends a message to another page. Its handler writes the policy for its script.
    /// May be in a frame or a popup.
    Message,
    /// Data for scripts.
    Json,
    /// Data for scripts of other origins, by CORS.
    Api,
    /// The same for requests with cookies.
    ApiWithCredentials,
    /// A script for pages of other origins.
    Script,
    /// A file whose URL changes with its content.
    Asset,
}

const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
const NO_STORE: (&str, &str) = ("cache-control", "no-store");

/// `same-origin`: with `no-referrer` Chromium posts `Origin: null`, which is refused.
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
const FORM_PAGE: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "same-origin"),
    NO_STORE,
    NOSNIFF,
];
/// These pages have no forms.
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

/// The policy of a login page that loads what these directives name too, such as a captcha.
pub(super) fn policy_with(sources: &[(&str, &str)], framed_by: &FramedBy) -> Option<HeaderValue> {
    let (_, page) = PAGE.iter().find(|(name, _)| CONTENT_SECURITY_POLICY == *name)?;
    let ancestors = if framed_by.is_empty() { "'none'".to_owned() } else { framed_by.to_string() };
    let mut policy = format!("{}{ancestors}", page.strip_suffix("'none'")?);
    for (directive, hosts) in sources {
        let own = format!("{directive} 'self'");
        if policy.contains(&own) {
            policy = policy.replacen(&own, &format!("{own} {hosts}"), 1);
        } else {
            policy = format!("{policy}; {directive} {hosts}");
        }
    }
    HeaderValue::try_from(policy).ok()
}

impl HeaderClass {
    /// Writes the headers of the class, except those that the handler has written.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        self.write_framed(headers, &FramedBy::default());
    }

    /// The same for a page that pages of these origins may show in a frame, if its class can be in one.
    pub(crate) fn write_framed(self, headers: &mut HeaderMap, framed_by: &FramedBy) {
        if matches!(self, Self::AccountPage | Self::FormPage) {
            let policy = HeaderName::from_static("cross-origin-opener-policy");
            headers.entry(policy).or_insert(HeaderValue::from_static("same-origin"));
        }
        let table = match self {
            Self::Page | Self::AccountPage => PAGE,
            Self::FormPage => FORM_PAGE,
            Self::Callback => CALLBACK,
            Self::Json | Self::Api | Self::ApiWithCredentials => JSON,
            Self::Message => MESSAGE,
            Self::Script => SCRIPT,
            Self::Asset => ASSET,
        };
        if let Some(policy) = self.policy_in_frames(table, framed_by) {
            headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
        }
        for (name, value) in table {
            let name = HeaderName::from_static(name);
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
    }
    /// Logins and messages can be in a frame; what acts for somebody who is signed in cannot.
    fn policy_in_frames(self, table: &[(&str, &str)], framed_by: &FramedBy) -> Option<HeaderValue> {
        if framed_by.is_empty() || !matches!(self, Self::Page | Self::Callback) {
            return None;
        }
        let (_, policy) = table.iter().find(|(name, _)| CONTENT_SECURITY_POLICY == *name)?;
        let rest = policy.strip_suffix("'none'")?;
        HeaderValue::try_from(format!("{rest}{framed_by}")).ok()
    }
}
