use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::flow::{Flow, FlowMessage};
use super::login_pages::LoginPages;
use super::lost::LOST;
use super::redirect::Redirect;
use super::request::PageRequest;
use super::views::{Lost, MessagePage};
use crate::domain::Origin;

/// `GET /`: neither the issuer's host nor the reserved prefix of a site has a first page.
pub(crate) async fn first(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    if request.context.issuer {
        return request.to_own("/login").into_response();
    }
    Redirect::to(pages.shell.begin_again(&request)).into_response()
}

/// `GET /sign-in`: from a site to the login pages, with the page to return to sealed.
pub(crate) async fn begin(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let shell = &pages.shell;
    let Some(path) = shell.return_path(&request) else {
        // The issuer's own host has no first page.
        return Redirect::to(shell.map.issuer().url("/login")).into_response();
    };
    let lost = request.param(LOST).and_then(Lost::from_param);
    match pages.sessions.of(&request).await {
        Ok(Some(_)) => {
            let page = format!("{}{}", request.context.origin, path.as_str());
            return match lost {
                Some(lost) => pages.tell_lost(&request, lost, &request.context.origin, &page),
                None => Redirect::to(page).into_response(),
            };
        }
        Ok(None) if shell.is_elsewhere(&request.context.origin) => {
            return pages.handover.ask_issuer(&request, path, lost).into_response();
        }
        Ok(None) => {}
        Err(_) => return shell.unavailable(&request),
    }
    let (browser, cookie) = request.or_new_browser(shell.system.random());
    let say = lost.map(FlowMessage::from);
    let flow = Flow { say, ..Flow::to(request.context.origin.clone(), path, browser) };
    let login = shell.map.issuer().url(&format!("/login?flow={}", pages.seal(&flow)));
    Redirect::to(login).with(cookie).into_response()
}

impl LoginPages {
    /// The page that tells a person who is signed in already what the site at `origin` did not get, and
    /// where to go on.
    pub(super) fn tell_lost(
        &self,
        request: &PageRequest,
        lost: Lost,
        origin: &Origin,
        again: &str,
    ) -> Response {
        let page = MessagePage::Lost { lost, host: origin.host().as_str(), again };
        self.shell.page(request, StatusCode::BAD_REQUEST, &page)
    }
}
