use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::browser_sessions::BrowserSessions;
use super::problem::Problem;
use super::redirect::with_cookie;
use super::request::PageRequest;
use super::sealer::Sealer;
use super::shell::Shell;
use super::tokens;
use super::views::{AccountNotice, AccountPage};
use crate::domain::{Role, SessionId};
use crate::events::{Event, EventSink};
use crate::session::{SignedIn, address_block};
use crate::store::StoreError;
use crate::users::Directory;

/// The flash messages of the account page.
const NOTICES: &[(&str, AccountNotice)] =
    &[(ONE_ENDED, AccountNotice::OneEnded), (OTHERS_ENDED, AccountNotice::OthersEnded)];
const ONE_ENDED: &str = "one-ended";
const OTHERS_ENDED: &str = "others-ended";

/// What a signed-in user sees and does: the own sessions, and signing out.
pub(crate) struct Account {
    pub(crate) shell: Arc<Shell>,
    pub(crate) sessions: BrowserSessions,
    pub(crate) directory: Arc<Directory>,
    /// For the address of an application that a sign-out is to lead to.
    pub(crate) logouts: Sealer,
    pub(crate) events: Arc<dyn EventSink>,
}

/// `GET /account`: the user's sessions.
pub(crate) async fn show(
    State(account): State<Arc<Account>>,
    request: PageRequest,
    Extension(who): Extension<SignedIn>,
) -> Response {
    let Ok(sessions) = account.sessions.list(&who).await else {
        return account.shell.unavailable(&request);
    };
    let home = account.shell.home(&request);
    let back = home.map(|site| format!("{}/", site.url)).unwrap_or_default();
    let map = account.shell.map();
    let takes_tokens = map.sites().iter().any(|site| site.personal_access_tokens);
    let tokens = if takes_tokens { map.issuer().url(tokens::PATH) } else { String::new() };
    let flash =
        NOTICES.iter().find_map(|(word, notice)| Some((*notice, request.take_flash(word)?)));
    let (notice, cleared) = flash.unzip();
    let network = address_block(request.context.client);
    let page = AccountPage {
        network: &network,
        phone: who.phone(),
        sessions: &sessions,
        now: account.shell.system.now(),
        notice,
        tokens: &tokens,
        back: &back,
    };
    with_cookie(account.shell.page(&request, StatusCode::OK, &page), cleared)
}

/// `GET /me`: the signed-in user, for the scripts of an app.
pub(crate) async fn me(
    State(account): State<Arc<Account>>,
    Extension(who): Extension<SignedIn>,
) -> Json<Value> {
    let roles = account.directory.roles(who.phone(), &who.stored_roles());
    let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
    Json(json!({
        "sub": who.user().to_string(),
        "phone_number": who.phone().e164(),
        "roles": roles,
    }))
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    #[serde(default)]
    session: String,
}

/// `POST /account/end`: ends one of the user's sessions, but not this one: that is signing out,
/// which has a form of its own.
pub(crate) async fn end(
    State(account): State<Arc<Account>>,
    Extension(who): Extension<SignedIn>,
    request: PageRequest,
    form: Result<Form<EndForm>, FormRejection>,
) -> Response {
    let session = form.ok().and_then(|Form(form)| SessionId::parse(&form.session));
    let Some(session) = session.filter(|session| *session != who.session()) else {
        return account.shell.refuse_form(&request, &Problem::BadRequest);
    };
    match account.sessions.end_other(&who, session).await {
        Ok(true) => {
            account.record_ended(&who, &[session]);
            to_account(&request, ONE_ENDED)
        }
        // Another user's, or ended since: the list shows what there is.
        Ok(false) => request.to_own("/account").into_response(),
        Err(_) => account.shell.refuse_form(&request, &Problem::Unavailable),
    }
}

/// `POST /account/end-others`: ends all of the user's sessions but this one.
pub(crate) async fn end_others(
    State(account): State<Arc<Account>>,
    request: PageRequest,
    Extension(who): Extension<SignedIn>,
) -> Response {
    match account.sessions.end_others(&who).await {
        Ok(ended) => {
            account.record_ended(&who, &ended);
            to_account(&request, OTHERS_ENDED)
        }
        Err(_) => account.shell.refuse_form(&request, &Problem::Unavailable),
    }
}

fn to_account(request: &PageRequest, flash: &str) -> Response {
    request.to_own("/account").with(Some(request.set_flash(flash))).into_response()
}

impl Account {
    fn record_ended(&self, who: &SignedIn, sessions: &[SessionId]) {
        for session in sessions {
            self.events.record(&Event::SignedOut { user: who.user(), session: *session });
        }
    }

    /// Ends a session on all its hosts.
    ///
    /// # Errors
    /// The store failed; the session still lives.
    pub(crate) async fn sign_out(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.sessions.end(who).await?;
        self.record_ended(who, &[who.session()]);
        Ok(())
    }
}
