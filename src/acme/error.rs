use std::fmt;
use std::time::Duration;

use super::folder::FolderError;
use super::settings::ChallengeKind;

/// The most of an authority's words that is kept, characters.
const LONGEST_TEXT: usize = 400;

/// Error types of RFC 8555 §6.7 begin with this.
const URN: &str = "urn:ietf:params:acme:error:";

/// Why there is no new certificate. No text holds a key or a key authorization.
#[derive(Debug)]
pub(super) struct AcmeError {
    pub(super) kind: AcmeErrorKind,
    pub(super) text: String,
    /// The authority asked for this pause (RFC 8555 §6.6).
    pub(super) retry_after: Option<Duration>,
}

/// Whom it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AcmeErrorKind {
    /// The authority cannot be used: it is away, broken or closed to us. The same for every host.
    Authority,
    /// The authority does not know the account any more.
    AccountGone,
    /// The answer to a challenge was not found, or not accepted.
    Challenge(ChallengeKind),
    /// Anything else about one host.
    Host,
}

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AcmeError {
    pub(super) fn new(kind: AcmeErrorKind, text: &str) -> Self {
        Self { kind, text: printable(text), retry_after: None }
    }

    pub(super) fn of_host(text: &str) -> Self {
        Self::new(AcmeErrorKind::Host, text)
    }

    /// Tells both, where one attempt followed another.
    pub(super) fn after(self, first: &Self) -> Self {
        let text = printable(&format!("{}; {first}", self.text));
        Self { text, ..self }
    }

    /// A challenge's error, as the authority tells it.
    pub(super) fn refused(kind: ChallengeKind, problem: Option<&instant_acme::Problem>) -> Self {
        let told = problem.map_or_else(|| "without a reason".to_owned(), told);
        Self::new(AcmeErrorKind::Challenge(kind), &format!("{kind} was refused: {told}"))
    }
}

impl From<FolderError> for AcmeError {
    fn from(why: FolderError) -> Self {
        Self::new(AcmeErrorKind::Authority, &why.to_string())
    }
}

impl From<instant_acme::Error> for AcmeError {
    fn from(why: instant_acme::Error) -> Self {
        use instant_acme::Error;
        let Error::Api(problem) = &why else {
            let text = match &why {
                Error::Json(_) => "the authority's answer is not what RFC 8555 says".to_owned(),
                other => other.to_string(),
            };
            return Self::new(AcmeErrorKind::Authority, &text);
        };
        let name = problem.r#type.as_deref().and_then(|name| name.strip_prefix(URN));
        let kind = match name {
            Some("accountDoesNotExist") => AcmeErrorKind::AccountGone,
            Some(
                "serverInternal"
                | "badNonce"
                | "userActionRequired"
                | "invalidContact"
                | "unsupportedContact"
                | "externalAccountRequired",
            ) => AcmeErrorKind::Authority,
            _ if problem.status.is_some_and(|status| status >= 500) => AcmeErrorKind::Authority,
            _ => AcmeErrorKind::Host,
        };
        Self::new(kind, &told(problem))
    }
}

/// Type, detail, and what is said of single hosts.
fn told(problem: &instant_acme::Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or("error");
    let kind = kind.strip_prefix(URN).unwrap_or(kind);
    let detail = problem.detail.as_deref().unwrap_or("no detail");
    let further = problem.subproblems.iter().filter_map(|more| more.detail.as_deref());
    let all: Vec<&str> = [detail].into_iter().chain(further).collect();
    format!("{kind}: {}", all.join("; "))
}

/// In one line, and not too long: an authority could send anything.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(LONGEST_TEXT).map(plain).collect()
}
