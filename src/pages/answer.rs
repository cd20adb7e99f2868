use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::failed_request::FailedRequest;
use super::problem::Problem;
use super::redirect::add_cookies;
use super::request::PageRequest;
use super::shell::Shell;
use super::views::{Chrome, Page};
use crate::gate;
use crate::words::Language;

/// The value of `why` on the `/refused` page of a form that met a failed store.
pub(super) const WHY_DOWN: &str = "down";

impl Shell {
    /// The language of the pages that answer `request`.
    pub(crate) fn language_of(&self, request: &PageRequest) -> &Language {
        self.language(request.param("lang"), request.chosen_language(), &request.headers)
    }

    /// A page in the visitor's language. A language chosen by `lang=` is stored in a cookie.
    pub(crate) fn page(
        &self,
        request: &PageRequest,
        status: StatusCode,
        page: &impl Page,
    ) -> Response {
        let language = self.language_of(request);
        let chrome = Chrome { language, base: &request.context.base, here: &request.here };
        let html = Bytes::from(self.views.render(&chrome, page));
        let mut response = Response::new(html.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        write_page_headers(headers, language);
        add_cookies(headers, self.language_cookie(request));
        request.allow_frames(&mut response);
        response
    }

    /// A part of a page, in the visitor's language.
    pub(super) fn fragment(&self, request: &PageRequest, part: &impl Page) -> String {
        let language = self.language_of(request);
        let chrome = Chrome { language, base: &request.context.base, here: &request.here };
        self.views.fragment(&chrome, part)
    }

    /// The answer to a request of a page that meets a problem.
    pub(crate) fn refuse(&self, request: &PageRequest, problem: &Problem) -> Response {
        let failed = FailedRequest {
            here: &request.here,
            headers: &request.headers,
            at: Some(&request.context.origin),
        };
        let mut answer = self.problem(problem, &failed).map(Into::into);
        request.allow_frames_of_problem(&mut answer);
        answer
    }

    /// The answer when a store fails.
    pub(crate) fn unavailable(&self, request: &PageRequest) -> Response {
        self.refuse(request, &Problem::Unavailable)
    }

    /// The answer to a form that belongs to no login, or that cannot be read.
    pub(super) fn refuse_form(&self, request: &PageRequest, problem: &Problem) -> Response {
        match problem {
            _ if !gate::is_navigation(&request.headers) => self.refuse(request, problem),
            Problem::Unavailable => {
                request.to_own(&format!("/refused?why={WHY_DOWN}")).into_response()
            }
            Problem::BadRequest => request.to_own("/refused?why=form").into_response(),
            other => self.refuse(request, other),
        }
    }
}

/// Content type and language of a page, and which request headers chose the language.
pub(super) fn write_page_headers(headers: &mut HeaderMap, language: &Language) {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    if let Ok(tag) = HeaderValue::from_str(language.tag()) {
        headers.insert(header::CONTENT_LANGUAGE, tag);
    }
}
