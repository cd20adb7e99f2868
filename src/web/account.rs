use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::pages::{AccountNotice, AccountPage};
use super::visit::Visit;
use super::{Problem, Web};
use crate::domain::SessionId;
use crate::events::Event;
use crate::session::SignedIn;

/// What the page says after something was done, by the word in its query.
const SAID: &[(&str, AccountNotice)] =
    &[("one", AccountNotice::OneEnded), ("others", AccountNotice::OthersEnded)];

/// A person's own sessions.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Extension(who): Extension<SignedIn>,
) -> Response {
    let Ok(sessions) = web.sessions.own(&who, web.session).await else {
        return web.unavailable(&visit);
    };
    let back = web.home(&visit).map(|site| format!("{}/", site.place)).unwrap_or_default();
    let ended = visit.asked("ended").unwrap_or_default();
    let page = AccountPage {
        phone: who.phone(),
        sessions: &sessions,
        now: web.system.now(),
        notice: SAID.iter().find(|(word, _)| *word == ended).map(|(_, notice)| *notice),
        back: &back,
    };
    web.page(&visit, StatusCode::OK, &page)
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    #[serde(default)]
    session: String,
}

/// Ends one of them. Not this one: that is to sign out, which has a form of its own.
pub(super) async fn end(
    State(web): State<Arc<Web>>,
    Extension(who): Extension<SignedIn>,
    visit: Visit,
    form: Result<Form<EndForm>, FormRejection>,
) -> Response {
    let session = form.ok().and_then(|Form(form)| SessionId::parse(&form.session));
    let Some(session) = session.filter(|session| *session != who.session()) else {
        return web.refuse_form(&visit, &Problem::BadRequest);
    };
    match web.sessions.end_own(&who, session).await {
        Ok(true) => {
            web.ended(&who, &[session]);
            visit.to_own("/account?ended=one").into_response()
        }
        // Somebody else's, or ended since: the list tells what there is.
        Ok(false) => visit.to_own("/account").into_response(),
        Err(_) => web.refuse_form(&visit, &Problem::Unavailable),
    }
}

pub(super) async fn end_others(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Extension(who): Extension<SignedIn>,
) -> Response {
    match web.sessions.end_others(&who).await {
        Ok(ended) => {
            web.ended(&who, &ended);
            visit.to_own("/account?ended=others").into_response()
        }
        Err(_) => web.refuse_form(&visit, &Problem::Unavailable),
    }
}

impl Web {
    fn ended(&self, who: &SignedIn, sessions: &[SessionId]) {
        for session in sessions {
            self.events.record(&Event::SignedOut { user: who.user(), session: *session });
        }
    }
}
