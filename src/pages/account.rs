use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::views::{AccountNotice, AccountPage};
use super::visit::{Visit, with_cookie};
use super::{Problem, Web};
use crate::domain::SessionId;
use crate::events::Event;
use crate::session::SignedIn;

/// What the page says after something was done, by the word for that.
const SAID: &[(&str, AccountNotice)] =
    &[(ONE_ENDED, AccountNotice::OneEnded), (OTHERS_ENDED, AccountNotice::OthersEnded)];
const ONE_ENDED: &str = "one-ended";
const OTHERS_ENDED: &str = "others-ended";

/// A person's own sessions.
pub(crate) async fn show(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Extension(who): Extension<SignedIn>,
) -> Response {
    let Ok(sessions) = web.sessions.own(&who, web.session).await else {
        return web.unavailable(&visit);
    };
    let back = web.home(&visit).map(|site| format!("{}/", site.place)).unwrap_or_default();
    let done = SAID.iter().find_map(|(word, notice)| Some((*notice, visit.tells(word)?)));
    let (notice, told) = done.unzip();
    let page = AccountPage {
        phone: who.phone(),
        sessions: &sessions,
        now: web.system.now(),
        notice,
        back: &back,
    };
    with_cookie(web.page(&visit, StatusCode::OK, &page), told)
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    #[serde(default)]
    session: String,
}

/// Ends one of them. Not this one: that is to sign out, which has a form of its own.
pub(crate) async fn end(
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
            to_account(&visit, ONE_ENDED)
        }
        // Somebody else's, or ended since: the list tells what there is.
        Ok(false) => visit.to_own("/account").into_response(),
        Err(_) => web.refuse_form(&visit, &Problem::Unavailable),
    }
}

pub(crate) async fn end_others(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Extension(who): Extension<SignedIn>,
) -> Response {
    match web.sessions.end_others(&who).await {
        Ok(ended) => {
            web.ended(&who, &ended);
            to_account(&visit, OTHERS_ENDED)
        }
        Err(_) => web.refuse_form(&visit, &Problem::Unavailable),
    }
}

fn to_account(visit: &Visit, done: &str) -> Response {
    visit.to_own("/account").with(Some(visit.tell_once(done))).into_response()
}

impl Web {
    fn ended(&self, who: &SignedIn, sessions: &[SessionId]) {
        for session in sessions {
            self.events.record(&Event::SignedOut { user: who.user(), session: *session });
        }
    }
}
