use http::HeaderMap;

use crate::domain::Origin;

/// A request that a problem answers.
#[derive(Clone, Copy, Debug)]
pub struct FailedRequest<'a> {
    /// Its path and query as its browser has them, if it may be sent again; else empty.
    pub here: &'a str,
    /// Its headers, with the id that it was given.
    pub headers: &'a HeaderMap,
    /// The origin asked for, if it is one of ours.
    pub at: Option<&'a Origin>,
}

/// In characters: as many as somebody can read aloud at once.
const REFERENCE_LENGTH: usize = 8;

/// For people to read aloud and operators to find in the logs: the end of the request's id, which the
/// proxy has put in the place of any that the client sent. Of our own ids it is digits; the ends of
/// others differ most.
pub(super) fn reference(headers: &HeaderMap) -> String {
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let end = id.len().saturating_sub(REFERENCE_LENGTH);
    id.get(end..).unwrap_or_default().to_ascii_uppercase()
}
