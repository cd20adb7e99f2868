use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::Web;
use super::flow::{Flow, Say};
use super::visit::{Redirect, Visit};
use crate::domain::ReturnTo;

/// The way from a site to the login pages: seals where the person wanted to go.
pub(super) async fn begin(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let asked = visit.asked("return_to").and_then(ReturnTo::parse);
    let asked = asked.filter(|path| web.is_a_page(&visit, path));
    if asked.is_none() && !visit.facts.site {
        // On the issuer's own host there is no first page to go to.
        return Redirect::to(web.map.issuer().url("/login")).into_response();
    }
    let path = asked.unwrap_or_else(|| web.root(&visit));
    let (browser, cookie) = visit.or_new_browser(web.system.random());
    let mut flow = Flow::to(visit.facts.origin.clone(), path, browser);
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(Some(_)) => return Redirect::to(flow.destination()).into_response(),
        Ok(None) => {}
        Err(_) => return web.unavailable(&visit),
    }
    if visit.asked("lost").is_some() {
        flow = flow.saying(Say::FormNotSent);
    }
    let login = web.map.issuer().url(&format!("/login?flow={}", web.seal(&flow)));
    Redirect::to(login).with(cookie).into_response()
}

impl Web {
    fn is_a_page(&self, visit: &Visit, path: &ReturnTo) -> bool {
        let path = path.as_str().split('?').next().unwrap_or_default();
        self.map.is_page(&visit.facts.origin, path)
    }

    /// The root of a site on this host.
    pub(super) fn root(&self, visit: &Visit) -> ReturnTo {
        let sites = self.map.sites().iter();
        let site = sites.rev().find(|site| site.place.origin == visit.facts.origin);
        let path = site.map(|site| format!("{}/", site.place.path));
        path.and_then(|path| ReturnTo::parse(&path)).unwrap_or_default()
    }
}
