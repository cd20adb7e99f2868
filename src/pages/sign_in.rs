use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::flow::{Flow, FlowMessage};
use super::login_pages::LoginPages;
use super::redirect::Redirect;
use super::request::PageRequest;

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
    let lost = request.param("lost").is_some();
    match pages.sessions.of(&request).await {
        Ok(Some(_)) => {
            let page = format!("{}{}", request.context.origin, path.as_str());
            return Redirect::to(page).into_response();
        }
        Ok(None) if shell.is_elsewhere(&request.context.origin) => {
            return pages.handover.ask_issuer(&request, path, lost).into_response();
        }
        Ok(None) => {}
        Err(_) => return shell.unavailable(&request),
    }
    let (browser, cookie) = request.or_new_browser(shell.system.random());
    let say = lost.then_some(FlowMessage::FormNotSent);
    let flow = Flow { say, ..Flow::to(request.context.origin.clone(), path, browser) };
    let login = shell.map.issuer().url(&format!("/login?flow={}", pages.seal(&flow)));
    Redirect::to(login).with(cookie).into_response()
}
