use std::sync::Arc;

use http::HeaderMap;

use super::request::{PageRequest, RequestContext};
use crate::access::{owner_of_cookie, user_of_cookie};
use crate::domain::{Host, Origin, SessionId, TokenDigest, UserId};
use crate::gate::Cookies;
use crate::session::{self, SessionToken, Sessions, SignedIn, UserSession};
use crate::store::StoreError;

/// The sessions of browsers: read from the session cookie of a request, under the configured
/// lifetimes.
#[derive(Clone)]
pub(crate) struct BrowserSessions {
    sessions: Arc<Sessions>,
    settings: session::SessionSettings,
}

impl BrowserSessions {
    pub(crate) const fn new(sessions: Arc<Sessions>, settings: session::SessionSettings) -> Self {
        Self { sessions, settings }
    }

    /// The user of the session cookie of a request to `context.origin`; `None`: no cookie, or
    /// none of a live session on this host.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn signed_in(
        &self,
        headers: &HeaderMap,
        context: &RequestContext,
    ) -> Result<Option<SignedIn>, StoreError> {
        self.of_cookie(headers, (Cookies::for_origin(&context.origin), context.origin.host())).await
    }

    /// The same for an app that asks: also by the cookie of a frame, where its site has such.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn signed_in_at_app(
        &self,
        headers: &HeaderMap,
        (context, has_frames): (&RequestContext, bool),
    ) -> Result<Option<SignedIn>, StoreError> {
        let usual = self.signed_in(headers, context).await?;
        if usual.is_some() || !has_frames {
            return Ok(usual);
        }
        let cookies = Cookies::for_origin(&context.origin).framed();
        self.of_cookie(headers, (cookies, context.origin.host())).await
    }

    /// The same for a request of a page, by the cookies that count for it.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn of(&self, request: &PageRequest) -> Result<Option<SignedIn>, StoreError> {
        Ok(self.all_of(request).await?.into_iter().next())
    }

    /// The same for every cookie that counts: another one is there only where a frame and the page around
    /// it are of one site.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn all_of(&self, request: &PageRequest) -> Result<Vec<SignedIn>, StoreError> {
        let host = request.context.origin.host();
        let mut all = Vec::new();
        for cookies in request.session_cookies() {
            all.extend(self.of_cookie(&request.headers, (cookies, host)).await?);
        }
        Ok(all)
    }

    async fn of_cookie(
        &self,
        headers: &HeaderMap,
        of: (Cookies, &Host),
    ) -> Result<Option<SignedIn>, StoreError> {
        user_of_cookie(&self.sessions, self.settings, headers, of).await
    }

    /// Whose the session cookie of a request to `origin` is, or was before the session ended, and the
    /// digest of its token.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn owner(
        &self,
        headers: &HeaderMap,
        origin: &Origin,
    ) -> Result<Option<(UserId, TokenDigest)>, StoreError> {
        owner_of_cookie(&self.sessions, headers, origin).await
    }

    /// Binds a live session to one more host: the token for its cookie there. `None`: the session
    /// has ended.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn begin_at(
        &self,
        session: SessionId,
        host: &Host,
    ) -> Result<Option<(SessionToken, SignedIn)>, StoreError> {
        self.sessions.begin_at(session, host, self.settings).await
    }

    /// The `Set-Cookie` value that gives a new session's token to the browser.
    pub(crate) fn cookie(&self, request: &PageRequest, token: &SessionToken) -> String {
        request.session_cookie(token, self.settings.lifetime.as_secs())
    }

    /// The user of a live session.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn find(&self, session: SessionId) -> Result<Option<SignedIn>, StoreError> {
        self.sessions.find_by_id(session).await
    }

    /// Ends `former`, in whose place `next` has begun in the same browser; its grants go on.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn replace(
        &self,
        former: &SignedIn,
        next: &SignedIn,
    ) -> Result<(), StoreError> {
        self.sessions.replace(former, next).await
    }

    /// Ends a session on all its hosts.
    ///
    /// # Errors
    /// The store failed; the session still lives.
    pub(super) async fn end(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.sessions.end(who).await
    }

    /// The live sessions of a user, the asking one first.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn list(&self, who: &SignedIn) -> Result<Vec<UserSession>, StoreError> {
        self.sessions.list_own(who, self.settings).await
    }

    /// Ends another session of the same user. `false`: the user has no such session.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn end_other(
        &self,
        who: &SignedIn,
        session: SessionId,
    ) -> Result<bool, StoreError> {
        self.sessions.end_own(who, session).await
    }

    /// Ends all other sessions of the same user, and names them.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn end_others(&self, who: &SignedIn) -> Result<Vec<SessionId>, StoreError> {
        self.sessions.end_others(who).await
    }
}
