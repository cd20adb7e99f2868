//! Which of our pages may be shown in a frame, and whose cookies they use there: those of a login to a
//! site with `framed_by`, and the messages and the sign-out of such a site. No others: see
//! [`super::HeaderClass`].
use axum::response::Response;
use http::header::CONTENT_SECURITY_POLICY;

use super::login_pages::LoginPages;
use super::request::PageRequest;
use super::shell::Shell;
use crate::domain::{Origin, ReturnTo};
use crate::gate::{self, Cookies, FramedBy};

impl PageRequest {
    /// The request as one of the site at its origin.
    pub(super) fn at_site(self, shell: &Shell) -> Self {
        let framed_by = shell.map.framed_by(&self.context.origin).cloned();
        let is_at_framed_site = framed_by.is_some();
        Self { is_at_framed_site, ..self.arriving(framed_by) }
    }

    /// The request as one of a site's page that people are to return to.
    pub(super) fn at_site_page(self, shell: &Shell, path: &ReturnTo) -> Self {
        let origin = self.context.origin.clone();
        let request = self.beginning_login(shell, &origin, path);
        Self { is_at_framed_site: !request.framed_by.is_empty(), ..request }
    }

    /// The request as one that begins a login to a page. Its cookies are those of the frame that it is
    /// for. In a frame of the same site, browsers send the usual ones, and those are used.
    pub(super) fn beginning_login(self, shell: &Shell, origin: &Origin, path: &ReturnTo) -> Self {
        let framed_by = shell.login_framed_by(origin, path).cloned();
        self.arriving(framed_by)
    }

    fn arriving(self, framed_by: Option<FramedBy>) -> Self {
        let Some(framed_by) = framed_by else { return self };
        let usual = self.cookies;
        let is_in_frame = gate::is_for_frame(&self.headers) && !usual.has_any(&self.headers);
        let cookies = if is_in_frame { usual.framed() } else { usual };
        Self { cookies, framed_by, ..self }
    }

    /// The cookies whose session counts, in this order.
    pub(super) fn session_cookies(&self) -> impl Iterator<Item = Cookies> + use<> {
        let usual = Cookies::for_origin(&self.context.origin);
        let first = if self.is_at_framed_site { usual } else { self.cookies };
        [Some(first), self.is_at_framed_site.then(|| usual.framed())].into_iter().flatten()
    }

    /// Marks an answer as one that may be shown in a frame, for the headers of its class.
    pub(super) fn allow_frames(&self, answer: &mut Response) {
        if !self.framed_by.is_empty() {
            answer.extensions_mut().insert(self.framed_by.clone());
        }
    }

    /// The same for the page of a problem, which has a policy already.
    pub(super) fn allow_frames_of_problem(&self, answer: &mut Response) {
        if !self.framed_by.is_empty() && gate::is_navigation(&self.headers) {
            answer.headers_mut().remove(CONTENT_SECURITY_POLICY);
            self.allow_frames(answer);
        }
    }
}

impl Shell {
    fn login_framed_by(&self, origin: &Origin, path: &ReturnTo) -> Option<&FramedBy> {
        let path = path.as_str().split('?').next().unwrap_or_default();
        self.map.login_framed_by(origin, path)
    }
}

impl LoginPages {
    /// A request of the first page of a login as one of what it brings in its query: what a site asks, or
    /// a flow.
    pub(super) fn in_login(&self, request: PageRequest) -> PageRequest {
        let Some(sealed) = request.param("request") else {
            return self.in_flow_of_query(request);
        };
        match self.handover.page_of(sealed) {
            Some((origin, path)) => request.beginning_login(&self.shell, &origin, &path),
            None => request,
        }
    }

    /// A request of a page after the first as one of the flow in its query.
    pub(super) fn in_flow_of_query(&self, request: PageRequest) -> PageRequest {
        let sealed = request.param("flow").unwrap_or_default().to_owned();
        self.in_flow(request, &sealed)
    }

    /// The same for the flow of a form.
    pub(super) fn in_flow(&self, request: PageRequest, sealed: &str) -> PageRequest {
        let Some(flow) = self.destination_of(sealed) else { return request };
        let framed_by = self.shell.login_framed_by(&flow.origin, &flow.path);
        let Some(framed_by) = framed_by.cloned() else { return request };
        let cookies = if flow.framed { request.cookies.framed() } else { request.cookies };
        PageRequest { cookies, framed_by, ..request }
    }
}
