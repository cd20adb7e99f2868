use std::sync::Arc;
use std::time::Duration;

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

/// The parameter of the sign-in that says how long ago a login may be that suffices, in seconds.
pub(super) const MAX_AGE: &str = "max_age";

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
    let request = request.at_site_page(shell, &path);
    let lost = request.param(LOST).and_then(Lost::from_param);
    let max_age = request.param(MAX_AGE).and_then(|seconds| seconds.parse().ok());
    let max_age = max_age.map(|seconds: u32| Duration::from_secs(seconds.into()));
    let now = shell.system.now();
    let former = match pages.sessions.of(&request).await {
        Ok(Some(who)) if max_age.is_none_or(|age| who.began().is_at_most(age, now)) => {
            let page = format!("{}{}", request.context.origin, path.as_str());
            return match lost {
                Some(lost) => pages.tell_lost(&request, lost, &request.context.origin, &page),
                None => Redirect::to(page).into_response(),
            };
        }
        Ok(former) => former,
        Err(_) => return shell.unavailable(&request),
    };
    let since = max_age.map(|age| now.before(age));
    if shell.is_elsewhere(&request.context.origin) {
        return pages.handover.ask_issuer(&request, path, (lost, since)).into_response();
    }
    let (browser, cookie) = request.or_new_browser(shell.system.random());
    let say = FlowMessage::on_arrival(lost, shell.is_kept_form(&path), since);
    let (origin, framed) = (request.context.origin.clone(), request.cookies.is_framed());
    let flow = Flow { framed, say, since, ..Flow::to(origin, path, browser) };
    let flow = former.iter().fold(flow, Flow::with_number_of);
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
