//! The language that somebody chose on one of our pages, and how it gets to the other hosts: in the
//! request and the ticket of a hand-over. Of two choices the newer counts.
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::destinations::sent_from;
use super::language_choice::{LANGUAGE, LanguageChoice, MAX_LENGTH, of_cookie, written};
use super::redirect::Redirect;
use super::request::PageRequest;
use super::shell::Shell;
use super::visitor_cookies::YEAR;
use crate::domain::ReturnTo;

impl PageRequest {
    /// The choice that this request came with: that of its cookie, or that of a hand-over if it is
    /// newer.
    pub(super) fn chosen_language(&self) -> Option<&str> {
        let stored = of_cookie(self.cookies, &self.headers);
        [stored, self.brought_language.as_deref()]
            .into_iter()
            .flatten()
            .max_by_key(|text| LanguageChoice::parse(text).at)
    }

    /// Takes the choice that a hand-over brought: the cookie that stores it on this host, `None` if
    /// there is nothing to store.
    pub(super) fn bring_language(&mut self, brought: Option<String>) -> Option<String> {
        self.brought_language = brought;
        // A choice made with this request is newer still, and its page sets the cookie.
        let brought =
            self.brought_language.as_deref().filter(|_| self.param(LANGUAGE).is_none())?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if brought.len() > MAX_LENGTH || !brought.bytes().all(plain) {
            return None;
        }
        let newer = self.chosen_language() == Some(brought)
            && of_cookie(self.cookies, &self.headers) != Some(brought);
        newer.then(|| self.cookies.set(LANGUAGE, brought, Some(YEAR)))
    }
}

impl Shell {
    /// The cookie that stores the language chosen by `lang=` in a request, if there are pages in it.
    pub(super) fn language_cookie(&self, request: &PageRequest) -> Option<String> {
        let language = self.views.languages().by_tag(request.param(LANGUAGE)?)?;
        let choice = written(language.tag(), self.system.now());
        Some(request.cookies.set(LANGUAGE, &choice, Some(YEAR)))
    }
}

/// What precedes `lang=` in the links to the other languages of a page that is not at a path of
/// ours, or was the answer to a form. `here`: its path and query; empty for a form.
pub(super) fn chooser(base: &str, here: &str) -> String {
    match ReturnTo::parse(here) {
        Some(here) => {
            let back = utf8_percent_encode(here.as_str(), NON_ALPHANUMERIC);
            format!("{base}/language?return_to={back}")
        }
        None => format!("{base}/language"),
    }
}

/// `GET /language`: stores the choice, and leads back to the page that it was made on.
pub(crate) async fn choose(State(shell): State<Arc<Shell>>, request: PageRequest) -> Response {
    let request = request.at_site(&shell);
    let origin = &request.context.origin;
    let asked = request.param("return_to").and_then(ReturnTo::parse);
    let page = asked.or_else(|| sent_from(&request.headers, origin));
    let page = match page {
        Some(page) => format!("{origin}{}", page.as_str()),
        None => shell.begin_again(&request),
    };
    Redirect::to(page).with(shell.language_cookie(&request)).into_response()
}
