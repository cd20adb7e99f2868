use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::pages::{SignOutPage, SignedOutPage};
use super::visit::Visit;
use super::{Problem, Web};
use crate::events::Event;
use crate::session::SignedIn;
use crate::store::StoreError;

/// Asks first: a link or an image must not sign anybody out.
pub(super) async fn ask(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    web.page(&visit, StatusCode::OK, &SignOutPage)
}

/// Ends the session, on the server first.
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
    visit.to_own("/signed-out").with(Some(visit.no_session_cookie())).into_response()
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
    let again = web.begin_again(&visit);
    web.page(&visit, StatusCode::OK, &SignedOutPage { again: &again })
}
