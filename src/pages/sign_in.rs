use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::Web;
use super::flow::{Flow, Say};
use super::visit::{Redirect, Visit};
use crate::domain::{Origin, ReturnTo};
use crate::gate::Site;

/// The way from a site to the login pages: seals where the person wanted to go.
pub(crate) async fn begin(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let Some(path) = web.return_path(&visit) else {
        // On the issuer's own host there is no first page to go to.
        return Redirect::to(web.map.issuer().url("/login")).into_response();
    };
    let lost = visit.asked("lost").is_some();
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(Some(_)) => {
            let there = format!("{}{}", visit.facts.origin, path.as_str());
            return Redirect::to(there).into_response();
        }
        Ok(None) if web.is_elsewhere(&visit.facts.origin) => {
            return web.ask_issuer(&visit, path, lost).into_response();
        }
        Ok(None) => {}
        Err(_) => return web.unavailable(&visit),
    }
    let (browser, cookie) = visit.or_new_browser(web.system.random());
    let say = lost.then_some(Say::FormNotSent);
    let flow = Flow { say, ..Flow::to(visit.facts.origin.clone(), path, browser) };
    let login = web.map.issuer().url(&format!("/login?flow={}", web.seal(&flow)));
    Redirect::to(login).with(cookie).into_response()
}

impl Web {
    /// The page of this host that a visit asks to come back to, else the root of its site.
    pub(crate) fn return_path(&self, visit: &Visit) -> Option<ReturnTo> {
        let asked = visit.asked("return_to").and_then(ReturnTo::parse);
        let page = asked.filter(|path| self.is_page(&visit.facts.origin, path));
        page.or_else(|| self.home(visit).filter(|_| visit.facts.site).map(root))
    }

    /// Whether a login may lead to this page.
    pub(crate) fn is_page(&self, origin: &Origin, path: &ReturnTo) -> bool {
        let path = path.as_str().split('?').next().unwrap_or_default();
        self.map.is_page(origin, path)
    }
}

/// The first page of a site.
pub(crate) fn root(site: &Site) -> ReturnTo {
    ReturnTo::parse(&format!("{}/", site.place.path)).unwrap_or_default()
}
