use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::challenge::sent_from;
use super::pages::{SignOutPage, SignedOutPage};
use super::visit::Visit;
use super::{Problem, Web};
use crate::domain::ReturnTo;
use crate::events::Event;
use crate::session::SignedIn;
use crate::store::StoreError;

/// Asks first: a link or an image must not sign anybody out.
pub(super) async fn ask(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    web.page(&visit, StatusCode::OK, &SignOutPage)
}

/// Ends the session, on the server first. Who asks to sign in `as` somebody else is told how to come
/// back to the page where they asked.
pub(super) async fn submit(State(web): State<Arc<Web>>, visit: Visit) -> Response {
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
    let back = path.map(|path| format!("?return_to={path}")).unwrap_or_default();
    let told = visit.to_own(&format!("/signed-out{back}"));
    told.with(Some(visit.no_session_cookie())).into_response()
}

impl Web {
    pub(super) async fn sign_out(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.sessions.end(who).await?;
        let (user, session) = (who.user(), who.session());
        self.events.record(&Event::SignedOut { user, session });
        Ok(())
    }
}

pub(super) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let origin = &visit.facts.origin;
    let asked = visit.asked("return_to").and_then(ReturnTo::parse);
    let page = asked.filter(|path| web.is_page(origin, path));
    let there = page.map(|path| format!("{origin}{}", path.as_str()));
    let again = there.unwrap_or_else(|| web.begin_again(&visit));
    web.page(&visit, StatusCode::OK, &SignedOutPage { again: &again })
}
