use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Query};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, header};

use super::failed_request::FailedRequest;
use super::problem::Problem;
use super::redirect::Redirect;
use super::shell::Shell;
use crate::domain::{Origin, SessionId};
use crate::gate::{Cookies, FramedBy, OwnPath};
use crate::session::Browser;

/// What the proxy found out about a request for one of our own paths. Travels with the request
/// as an extension; a handler never reads `Host`.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The origin that the browser sees.
    pub origin: Origin,
    /// What precedes our paths there: `""` or the reserved prefix.
    pub base: String,
    /// Whether the issuer's pages are at this origin.
    pub issuer: bool,
    /// Whether there are sites on this host.
    pub site: bool,
    /// The client's address, behind trusted proxies.
    pub client: IpAddr,
}

impl RequestContext {
    pub fn new(own: &OwnPath<'_>, client: IpAddr) -> Self {
        Self {
            origin: own.origin.clone(),
            base: own.base.to_owned(),
            issuer: own.issuer,
            site: own.site,
            client,
        }
    }

    /// Path and query of a page as its browser has them, if it can be asked for again; else empty.
    /// `uri` lacks the base.
    pub(crate) fn here(&self, method: &Method, uri: &Uri) -> String {
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        if method.is_safe() { format!("{}{target}", self.base) } else { String::new() }
    }
}

/// Why the body of a request was not read; travels with the request as an extension. Each
/// endpoint answers it in its own format, so that the API's can be read by scripts.
#[derive(Clone, Debug)]
pub struct UnreadBody(pub Problem);

/// A browser's request of one of our pages.
pub(crate) struct PageRequest {
    pub(crate) context: RequestContext,
    pub(crate) headers: HeaderMap,
    pub(crate) query: HashMap<String, String>,
    /// Path and query of this page, for the links to its other languages; empty for a POST.
    pub(super) here: String,
    pub(crate) cookies: Cookies,
    /// Whether sessions of frames count beside the usual ones: at a site that has such.
    pub(super) is_at_framed_site: bool,
    /// Who may show the answer in a frame.
    pub(super) framed_by: FramedBy,
    /// The language that a hand-over brought.
    pub(super) brought_language: Option<String>,
}

impl<S> FromRequestParts<S> for PageRequest
where
    Arc<Shell>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let shell = Arc::<Shell>::from_ref(state);
        let Some(context) = parts.extensions.get::<RequestContext>().cloned() else {
            let failed = FailedRequest { here: "", headers: &parts.headers, at: None };
            return Err(shell.problem(&Problem::Internal, &failed).map(Into::into));
        };
        let here = context.here(&parts.method, &parts.uri);
        let Ok(Query(query)) = Query::try_from_uri(&parts.uri) else {
            let at = Some(&context.origin);
            let failed = FailedRequest { here: &here, headers: &parts.headers, at };
            return Err(shell.problem(&Problem::BadRequest, &failed).map(Into::into));
        };
        Ok(Self {
            here,
            cookies: Cookies::for_origin(&context.origin),
            is_at_framed_site: false,
            framed_by: FramedBy::default(),
            brought_language: None,
            headers: parts.headers.clone(),
            query,
            context,
        })
    }
}

impl PageRequest {
    /// A parameter of the query.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn language_header(&self) -> Option<&str> {
        self.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())
    }

    /// The browser, as a session is begun in it; `session`: the one it has now, which ends then.
    pub(crate) fn browser_for_session(&self, session: Option<SessionId>) -> Browser<'_> {
        let user_agent = self.headers.get(header::USER_AGENT);
        Browser {
            host: self.context.origin.host(),
            user_agent: user_agent.and_then(|value| value.to_str().ok()),
            address: self.context.client,
            session,
        }
    }

    /// A redirect to the last page of a login. After a POST, only that page leads out of ours.
    pub(super) fn to_done(&self, flow: &str) -> Redirect {
        self.to_own(&format!("/done?flow={flow}"))
    }

    /// A redirect to one of our own pages on this host.
    pub(crate) fn to_own(&self, path: &str) -> Redirect {
        Redirect::to(format!("{}{path}", self.context.base))
    }
}
