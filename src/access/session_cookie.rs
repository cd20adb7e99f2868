use http::HeaderMap;

use crate::domain::{Host, Origin, TokenDigest, UserId};
use crate::gate::Cookies;
use crate::session::{SessionSettings, SessionToken, Sessions, SignedIn};
use crate::store::StoreError;

/// The user of the session cookie of a request to `host`; `None`: no cookie, or none of a live
/// session on this host. No I/O for a session that this process knows.
///
/// # Errors
/// The store failed.
pub async fn user_of_cookie(
    sessions: &Sessions,
    settings: SessionSettings,
    headers: &HeaderMap,
    (cookies, host): (Cookies, &Host),
) -> Result<Option<SignedIn>, StoreError> {
    let cookie = cookies.get(headers, "");
    let Some(token) = cookie.and_then(SessionToken::parse) else { return Ok(None) };
    sessions.check(&token, host, settings).await
}

/// Whose the session cookie of a request to `origin` is, or was before the session ended, and the
/// digest of its token; `None`: no cookie, or none of ours.
///
/// # Errors
/// The store failed.
pub async fn owner_of_cookie(
    sessions: &Sessions,
    headers: &HeaderMap,
    origin: &Origin,
) -> Result<Option<(UserId, TokenDigest)>, StoreError> {
    let cookie = Cookies::for_origin(origin).get(headers, "");
    let Some(token) = cookie.and_then(SessionToken::parse) else { return Ok(None) };
    sessions.owner(&token, origin.host()).await
}
