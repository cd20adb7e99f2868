use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::challenge::sent_from;
use super::views::{DonePage, SignOutPage, SignedOutPage};
use super::visit::Visit;
use super::{Problem, Web};
use crate::domain::ReturnTo;
use crate::events::Event;
use crate::session::SignedIn;
use crate::store::StoreError;

/// The parameter in which an address of an application, which a logout is to lead to, travels sealed.
const TO: &str = "to";

/// Asks first: a link or an image must not sign anybody out.
pub(crate) async fn ask(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let there = visit.asked(TO).and_then(|to| web.opened(to));
    let Some(there) = there else {
        return web.page(&visit, StatusCode::OK, &SignOutPage { to: None });
    };
    // An application led here.
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(None) => web.page(&visit, StatusCode::OK, &DonePage { resume: &there }),
        _ => web.page(&visit, StatusCode::OK, &SignOutPage { to: visit.asked(TO) }),
    }
}

/// Ends the session, on the server first. Who asks to sign in `as` somebody else is told how to come
/// back to the page where they asked.
pub(crate) async fn submit(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(Some(who)) => {
            if web.sign_out(&who).await.is_err() {
                return web.refuse_form(&visit, &Problem::Unavailable);
            }
        }
        Ok(None) => {}
        Err(_) => return web.refuse_form(&visit, &Problem::Unavailable),
    }
    let origin = &visit.facts.origin;
    let page = visit.asked("as").and_then(|_| sent_from(&visit.headers, origin));
    let path = page.map(|page| utf8_percent_encode(page.as_str(), NON_ALPHANUMERIC).to_string());
    let to = visit.asked(TO).filter(|to| web.opened(to).is_some());
    let back = match (path, to) {
        (Some(path), _) => format!("?return_to={path}"),
        (None, Some(to)) => format!("?{TO}={to}"),
        (None, None) => String::new(),
    };
    let told = visit.to_own(&format!("/signed-out{back}"));
    told.with(Some(visit.no_session_cookie())).into_response()
}

impl Web {
    /// Our page that asks whether to sign out and then leads to `to`, which is an address of the
    /// application that sent the person here.
    pub(crate) fn ask_to_leave(&self, to: Option<String>) -> String {
        let sealed = to.map(|to| self.logouts.seal(&self.system, &to));
        sealed.map_or_else(|| "/sign-out".to_owned(), |sealed| format!("/sign-out?{TO}={sealed}"))
    }

    fn opened(&self, sealed: &str) -> Option<String> {
        self.logouts.open(sealed)
    }

    pub(crate) async fn sign_out(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.sessions.end(who).await?;
        let (user, session) = (who.user(), who.session());
        self.events.record(&Event::SignedOut { user, session });
        Ok(())
    }
}

/// Says that it is done, or moves on to the application by itself: a redirect straight from the
/// form would be stopped by `form-action`.
pub(crate) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    if let Some(to) = visit.asked(TO).and_then(|to| web.opened(to)) {
        return web.page(&visit, StatusCode::OK, &DonePage { resume: &to });
    }
    let origin = &visit.facts.origin;
    let asked = visit.asked("return_to").and_then(ReturnTo::parse);
    let page = asked.filter(|path| web.is_page(origin, path));
    let there = page.map(|path| format!("{origin}{}", path.as_str()));
    let again = there.unwrap_or_else(|| web.begin_again(&visit));
    web.page(&visit, StatusCode::OK, &SignedOutPage { again: &again })
}
