//! Why a client was refused, for the operator's log. Answers nothing: `error` does.
use std::borrow::Cow;

use axum::response::Response;
use url::Url;

use super::difference::difference;
use super::state::Api;
use crate::events::Event;
use crate::oauth::Client;
use crate::pages::PageRequest;
use crate::pages::Problem;

/// A refusal for the log. Fixed texts only, but for `named`: what a caller wrote may be a secret,
/// a code or a number.
#[derive(Clone, Debug)]
pub(crate) struct ApiRefusal {
    /// The `error` code of the answer.
    pub(super) error: &'static str,
    pub(super) why: &'static str,
    /// What the configuration does not list: see [`ApiRefusal::naming`].
    named: Option<String>,
    /// In what a URL differs from those that are listed.
    differs: Option<&'static str>,
}

/// Stands for descriptions that repeat what the caller wrote.
const UNSAID: &str = "the request is not valid for this endpoint";

/// The request names no client, or one that is not configured.
pub(super) const NO_CLIENT: &str = "there is no such client_id";

/// The longest `named`, in characters.
const LONGEST: usize = 120;
/// The longest part of it that is too short for a token, in bytes.
const LONGEST_NAME: usize = 24;
/// Anything shorter is too short for a client secret, in bytes.
const SHORTEST_SECRET: usize = 32;
const MASK: &str = "…";

impl ApiRefusal {
    pub(super) const fn new(error: &'static str, why: &'static str) -> Self {
        Self { error, why, named: None, differs: None }
    }

    /// With the description of the answer as the reason.
    #[expect(clippy::ptr_arg, reason = "a `&str` would not show whether the text is a fixed one")]
    pub(super) const fn described(error: &'static str, description: &Cow<'static, str>) -> Self {
        let why = match description {
            Cow::Borrowed(text) => text,
            Cow::Owned(_) => UNSAID,
        };
        Self::new(error, why)
    }

    pub(super) fn because(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// Adds the origin, URL or audience that was refused, which the operator may want to configure.
    pub(super) fn naming(self, text: &str) -> Self {
        Self { named: Some(shown(text)), ..self }
    }

    /// Adds a URL that is none of those that are `listed`, and what it differs in: what is cut from
    /// the URL for the log may be just that.
    pub(super) fn naming_unlisted<'l>(
        self,
        url: &str,
        listed: impl Iterator<Item = &'l str>,
    ) -> Self {
        let differs = difference(url, listed);
        Self { differs, ..self.naming(url) }
    }
}

/// `text` without anything that could be a number, a code, a token or a secret: a web address with
/// the names of its query's parameters, and a mask for their values, user and fragment; anything
/// else only if it is shorter than a secret.
fn shown(text: &str) -> String {
    let whole = match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let (host, port) = host_and_port(text, &url);
            // An origin has no slash at its end, and an audience may have one too many.
            let end = text.find(['?', '#']).unwrap_or(text.len());
            let bare = url.path() == "/" && !text[..end].ends_with('/');
            let path = if bare { String::new() } else { masked(url.path()) };
            let user = url.username().is_empty() && url.password().is_none();
            let user = if user { String::new() } else { format!("{MASK}@") };
            let query = url.query().map(names).unwrap_or_default();
            let fragment = url.fragment().map(|_| format!("#{MASK}")).unwrap_or_default();
            format!("{}://{user}{host}{port}{path}{query}{fragment}", url.scheme())
        }
        _ if text.len() < SHORTEST_SECRET => masked(text),
        _ => MASK.to_owned(),
    };
    whole.chars().take(LONGEST).collect()
}

/// Host and port as they were written: what they differ in may be the spelling.
fn host_and_port(text: &str, url: &Url) -> (String, String) {
    let rest = text.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let written = authority.rsplit('@').next().unwrap_or_default();
    let usual = url.host_str().unwrap_or_default();
    let port = written.get(usual.len()..).unwrap_or_default();
    let is_port = |port: &str| port.len() < 7 && port.bytes().skip(1).all(|b| b.is_ascii_digit());
    match written.get(..usual.len()) {
        Some(host) if host.eq_ignore_ascii_case(usual) && is_port(port) => {
            (masked(host), port.to_owned())
        }
        _ => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            (masked(usual), port)
        }
    }
}

/// A query with a mask in place of each value, and of each name that could be more than a name.
fn names(query: &str) -> String {
    let plain = |name: &&str| {
        let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(letters)
            && masked(name) == **name
    };
    let pair = |pair: &str| {
        let named = pair.split_once('=').filter(|(_, value)| !value.trim_matches('=').is_empty());
        match named.map(|(name, _)| name).filter(plain) {
            Some(name) => format!("{name}={MASK}"),
            None => MASK.to_owned(),
        }
    };
    let pairs: Vec<String> = query.split('&').map(pair).collect();
    format!("?{}", pairs.join("&"))
}

/// The text with a mask in place of each part that could be more than a name.
fn masked(text: &str) -> String {
    let part = |part: &str| {
        let (name, end) = match part.strip_suffix(['/', '.']) {
            Some(name) => (name, &part[name.len()..]),
            None => (part, ""),
        };
        let plain = name.bytes().all(|b| b.is_ascii_graphic());
        let digits = name.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > 3);
        let hidden = !plain || digits || name.len() > LONGEST_NAME;
        format!("{}{end}", if hidden { MASK } else { name })
    };
    text.split_inclusive(['/', '.']).map(part).collect()
}

impl Api {
    /// Records a refusal for the log and the metrics.
    pub(super) fn record_refusal(&self, client: Option<&Client>, at: &str, refusal: &ApiRefusal) {
        let ApiRefusal { error, why, named, differs } = refusal;
        let differs = *differs;
        let client = client.map(|client| client.id.as_str());
        let named = named.as_deref();
        self.events.record(&Event::ClientRefused { client, at, error, why, named, differs });
    }

    /// The page for the user of an application whose request was refused.
    pub(super) fn refuse_application(
        &self,
        page: &PageRequest,
        client: Option<&Client>,
        at: &str,
        refusal: &ApiRefusal,
    ) -> Response {
        self.record_refusal(client, at, refusal);
        self.shell().refuse(page, &Problem::Application(refusal.why))
    }
}
