use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::problem::Problem;
use super::redirect::with_cookie;
use super::request::PageRequest;
use super::shell::Shell;
use super::views::{NewTokenPage, TokenForm, TokenNotice, TokenProblem, TokensPage};
use crate::domain::{SessionId, TokenName};
use crate::events::{Event, EventSink};
use crate::gate::{self, Caller};
use crate::session::{
    InsertedToken, PersonalTokenRequest, PersonalTokenSettings, Sessions, SignedIn,
};
use crate::store::StoreError;
use crate::users::Directory;

/// The path of the page, at the issuer only: there no app's scripts can make tokens for other sites.
pub(super) const PATH: &str = "/account/tokens";

/// The flash messages of the page.
const NOTICES: &[(&str, TokenNotice)] =
    &[(ENDED, TokenNotice::Ended), (AGAIN, TokenNotice::Again), (FULL, TokenNotice::Full)];
const ENDED: &str = "token-ended";
const AGAIN: &str = "token-again";
const FULL: &str = "token-full";

const DAY: Duration = Duration::from_hours(24);
/// For how many days a token may last, if that is not longer than all may.
const DAYS: [u32; 6] = [1, 7, 30, 90, 180, 365];
/// What is chosen at first.
const USUAL_DAYS: u32 = 30;

/// The personal access tokens of users.
pub(crate) struct PersonalTokens {
    shell: Arc<Shell>,
    sessions: Arc<Sessions>,
    directory: Arc<Directory>,
    settings: PersonalTokenSettings,
    events: Arc<dyn EventSink>,
}

#[derive(Deserialize)]
pub(crate) struct MakeForm {
    #[serde(default)]
    form: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    days: String,
}

#[derive(Deserialize)]
pub(crate) struct EndTokenForm {
    #[serde(default)]
    token: String,
}

/// `GET /account/tokens`: the user's tokens, and the form for another one.
pub(crate) async fn show(
    State(tokens): State<Arc<PersonalTokens>>,
    request: PageRequest,
    Extension(who): Extension<SignedIn>,
) -> Response {
    let flash =
        NOTICES.iter().find_map(|(word, notice)| Some((*notice, request.take_flash(word)?)));
    let (notice, cleared) = flash.unzip();
    with_cookie(tokens.page(&request, &who, (None, None, notice)).await, cleared)
}

/// `POST /account/tokens`: makes a token. The answer is the page that shows it, and not a redirect to
/// one, which would have to carry it. Sent again, the form makes no other token and shows none.
pub(crate) async fn make(
    State(tokens): State<Arc<PersonalTokens>>,
    Extension(who): Extension<SignedIn>,
    request: PageRequest,
    form: Result<Form<MakeForm>, FormRejection>,
) -> Response {
    let wanted = form.ok().and_then(|Form(form)| Some((tokens.read(&who, &form)?, form)));
    let Some(((id, lifetime), form)) = wanted else {
        return tokens.shell.refuse_form(&request, &Problem::BadRequest);
    };
    let Ok(name) = TokenName::parse(&form.name) else {
        return tokens.page(&request, &who, (Some(&form), Some(TokenProblem::Name), None)).await;
    };
    let wanted = PersonalTokenRequest { id, name, site: form.site.clone(), lifetime };
    let now = tokens.shell.system.now();
    let made = tokens.sessions.make_personal_token(&who, wanted, tokens.settings).await;
    let (token, flash) = match made {
        Ok((InsertedToken::Inserted, token)) => (token, None),
        Ok((InsertedToken::Exists, token)) => (token, Some(AGAIN)),
        Ok((InsertedToken::TooMany, token)) => (token, Some(FULL)),
        // The next page asks to sign in.
        Ok((InsertedToken::Ended, _)) => return request.to_own(PATH).into_response(),
        Err(_) => return tokens.shell.refuse_form(&request, &Problem::Unavailable),
    };
    if let Some(flash) = flash {
        return to_tokens(&request, flash);
    }
    let (user, site) = (who.user(), form.site.as_str());
    tokens.events.record(&Event::PersonalTokenMade { user, token: id, site });
    let (token, expires) = (&token.reveal(), now + lifetime);
    let page = NewTokenPage { token, site, expires, now };
    tokens.shell.page(&request, StatusCode::OK, &page)
}

/// `POST /account/tokens/end`: ends one of the user's tokens.
pub(crate) async fn end(
    State(tokens): State<Arc<PersonalTokens>>,
    Extension(who): Extension<SignedIn>,
    request: PageRequest,
    form: Result<Form<EndTokenForm>, FormRejection>,
) -> Response {
    let token = form.ok().and_then(|Form(form)| SessionId::parse(&form.token));
    let Some(token) = token else {
        return tokens.shell.refuse_form(&request, &Problem::BadRequest);
    };
    match tokens.end_own(&who, token).await {
        Ok(true) => to_tokens(&request, ENDED),
        // Another user's, or ended since: the list shows what there is.
        Ok(false) => request.to_own(PATH).into_response(),
        Err(_) => tokens.shell.refuse_form(&request, &Problem::Unavailable),
    }
}

fn to_tokens(request: &PageRequest, flash: &str) -> Response {
    request.to_own(PATH).with(Some(request.set_flash(flash))).into_response()
}

impl PersonalTokens {
    pub(crate) fn new(
        shell: &Arc<Shell>,
        (sessions, directory): (&Arc<Sessions>, &Arc<Directory>),
        settings: PersonalTokenSettings,
        events: &Arc<dyn EventSink>,
    ) -> Self {
        let (shell, sessions) = (Arc::clone(shell), Arc::clone(sessions));
        let (directory, events) = (Arc::clone(directory), Arc::clone(events));
        Self { shell, sessions, directory, settings, events }
    }

    /// `false`: the user has no such token.
    async fn end_own(&self, who: &SignedIn, token: SessionId) -> Result<bool, StoreError> {
        let own = self.sessions.personal_tokens(who).await?;
        if !own.iter().any(|own| own.id == token) || !self.sessions.end_own(who, token).await? {
            return Ok(false);
        }
        self.events.record(&Event::PersonalTokenEnded { user: who.user(), token });
        Ok(true)
    }

    /// The urls of the sites that take tokens and that the user may use.
    fn sites(&self, who: &SignedIn) -> Vec<String> {
        let roles = self.directory.roles(who.phone(), &who.stored_roles());
        let caller = Caller::Session(who.clone(), roles);
        let takes =
            |site: &&gate::Site| site.personal_access_tokens && gate::may_use(site, &caller);
        let mut sites: Vec<String> =
            self.shell.map.sites().iter().filter(takes).map(|site| site.url.to_string()).collect();
        sites.sort();
        sites
    }

    /// For how many days a token may last.
    fn days(&self) -> Vec<u32> {
        let most = u32::try_from(self.settings.lifetime.as_secs() / DAY.as_secs());
        let most = most.unwrap_or(u32::MAX);
        let mut days: Vec<u32> = DAYS.into_iter().filter(|days| *days < most).collect();
        days.push(most);
        days
    }

    /// The id and the lifetime of the token that a form asks for; `None`: no form of ours does.
    fn read(&self, who: &SignedIn, form: &MakeForm) -> Option<(SessionId, Duration)> {
        let id = SessionId::parse(&form.form)?;
        let days = form.days.parse().ok().filter(|days| self.days().contains(days))?;
        self.sites(who).contains(&form.site).then_some((id, DAY * days))
    }

    async fn page(
        &self,
        request: &PageRequest,
        who: &SignedIn,
        (form, problem, notice): (Option<&MakeForm>, Option<TokenProblem>, Option<TokenNotice>),
    ) -> Response {
        let Ok(tokens) = self.sessions.personal_tokens(who).await else {
            return self.shell.unavailable(request);
        };
        let (sites, days) = (self.sites(who), self.days());
        let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
        let usual = days.iter().rfind(|days| **days <= USUAL_DAYS).copied().unwrap_or_default();
        let usual = TokenForm { name: "", site: "", days: usual };
        let chosen = form.map_or(usual, |form| TokenForm {
            name: &form.name,
            site: &form.site,
            days: form.days.parse().unwrap_or(usual.days),
        });
        let now = self.shell.system.now();
        let form = SessionId::from_bytes(self.shell.system.random());
        let page = TokensPage {
            form,
            sites: &sites,
            days: &days,
            chosen,
            problem,
            tokens: &tokens,
            now,
            notice,
        };
        self.shell.page(request, StatusCode::OK, &page)
    }
}
