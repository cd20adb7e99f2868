//! Why a client was refused, in the words of the log.
use std::borrow::Cow;

use axum::response::Response;
use url::Url;

use crate::events::Event;
use crate::oauth::{Client, Grant, NotAsked};
use crate::pages::Visit;
use crate::pages::{Problem, Web};

/// What an operator is told of a refusal. Texts of ours only, but for `named`: what a caller
/// wrote may be a secret, a code or a number.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// As the caller is told it.
    pub(super) error: &'static str,
    pub(super) why: &'static str,
    /// What was asked for that is none of the configuration's: see [`Refusal::naming`].
    named: Option<String>,
}

/// For descriptions that hold what the caller wrote and are not told otherwise.
const UNSAID: &str = "the request is not as this endpoint takes it";

/// There is none with the id that the caller names, or it names none.
pub(super) const NO_CLIENT: &str = "there is no such client_id";

/// Of what was asked for, in characters.
const LONGEST: usize = 120;
/// The longest part of it that can be no token, in bytes.
const LONGEST_NAME: usize = 24;
/// As short is no secret of a client.
const SHORTEST_SECRET: usize = 32;
const MASK: &str = "…";

impl Refusal {
    pub(super) const fn new(error: &'static str, why: &'static str) -> Self {
        Self { error, why, named: None }
    }

    pub(super) fn of(why: &NotAsked) -> Self {
        match why {
            NotAsked::Scope(_) => Self::new("invalid_scope", "the scope cannot be read"),
            NotAsked::UnknownAudience(audience) => {
                Self::new("access_denied", "the audience is none of the client's").naming(audience)
            }
        }
    }

    /// With a description that the caller is given.
    #[expect(clippy::ptr_arg, reason = "as a `&str` it would not tell whose text it is")]
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

    /// With the origin, URL or audience that was refused, which the operator must see to mend
    /// the configuration.
    pub(super) fn naming(self, text: &str) -> Self {
        Self { named: Some(shown(text)), ..self }
    }
}

/// What an operator needs of it, and nothing that could be a number, a code, a token or a secret,
/// whatever somebody wrote where only an address or a name belongs: of a web address no user, query
/// or fragment; of anything else nothing that is as long as a secret.
fn shown(text: &str) -> String {
    let whole = match Url::parse(text) {
        Ok(url) if url.has_host() => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let host = url.host_str().map(masked).unwrap_or_default();
            // An origin has no slash at its end, and an audience may have one too many.
            let end = text.find(['?', '#']).unwrap_or(text.len());
            let bare = url.path() == "/" && !text[..end].ends_with('/');
            let path = if bare { String::new() } else { masked(url.path()) };
            format!("{}://{host}{port}{path}", url.scheme())
        }
        _ if text.len() < SHORTEST_SECRET => masked(text),
        _ => MASK.to_owned(),
    };
    whole.chars().take(LONGEST).collect()
}

/// The text with a mask for each of its parts that could be more than a name.
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

impl Web {
    /// Tells the log and the metrics. `client` is one of the configuration.
    pub(super) fn tell_refused(&self, client: Option<&Client>, at: &str, refusal: &Refusal) {
        let Refusal { error, why, named } = refusal;
        let client = client.map(|client| client.id.as_str());
        let named = named.as_deref();
        self.events.record(&Event::ClientRefused { client, at, error, why, named });
    }

    /// The page that tells a person why an application that sent them here gets nothing.
    pub(super) fn refuse_application(
        &self,
        visit: &Visit,
        client: Option<&Client>,
        at: &str,
        refusal: &Refusal,
    ) -> Response {
        self.tell_refused(client, at, refusal);
        self.refuse(visit, &Problem::Application(refusal.why))
    }

    pub(super) fn tell_given(&self, client: &Client, grant: Grant) {
        let (client, grant) = (client.id.as_str(), grant.name());
        self.events.record(&Event::TokensGiven { client, grant });
    }
}
