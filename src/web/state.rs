use std::sync::Arc;

use axum::extract::FromRef;
use bytes::Bytes;
use http::Response;

use crate::api::{Api, FreshLogins, LoginTickets, LoginTransactions, Receipts, Widget};
use crate::domain::Keyring;
use crate::events::EventSink;
use crate::gate::SiteMap;
use crate::login::Login;
use crate::oauth::{self, Grants, GrantsDeps, SigningKeys};
use crate::pages::views::Views;
use crate::pages::{
    Account, BrowserSessions, FailedRequest, Handover, KeptForms, LoginPages, PersonalTokens,
    Problem, Sealer, Shell,
};
use crate::session::{self, Sessions};
use crate::store::{self, TicketStores};
use crate::system::System;
use crate::users::Directory;

/// The state of the router, of which each handler takes the part that it needs. One for each
/// configuration.
#[derive(Clone, FromRef)]
pub struct Web {
    pub(super) api: Arc<Api>,
    pub(super) shell: Arc<Shell>,
    pub(super) sessions: BrowserSessions,
    pages: Arc<LoginPages>,
    handover: Arc<Handover>,
    account: Arc<Account>,
    pub(super) forms: Arc<KeptForms>,
    tokens: Arc<PersonalTokens>,
    widget: Arc<Widget>,
    receipts: Arc<Receipts>,
}

/// What a [`Web`] is made of.
pub struct WebDeps {
    pub login: Login,
    pub sessions: Arc<Sessions>,
    pub session: session::SessionSettings,
    pub personal_tokens: session::PersonalTokenSettings,
    pub directory: Arc<Directory>,
    pub map: Arc<SiteMap>,
    pub pages: Views,
    pub tickets: TicketStores,
    pub keys: Arc<SigningKeys>,
    pub oauth: oauth::OauthSettings,
    pub grants: Arc<dyn store::GrantStore>,
    pub receipts: Receipts,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

impl Web {
    pub fn new(deps: WebDeps, keyring: &Keyring) -> Self {
        let sealer = |usage| Sealer::new(keyring, usage, deps.system.clone());
        let shell = Shell::new(deps.pages, Arc::clone(&deps.map), deps.system.clone());
        let shell = Arc::new(shell);
        let sessions = BrowserSessions::new(Arc::clone(&deps.sessions), deps.session);
        let events = &deps.events;
        let handover = Arc::new(Handover {
            shell: Arc::clone(&shell),
            sessions: sessions.clone(),
            tickets: deps.tickets.handovers,
            requests: sealer("hand-over request"),
            events: Arc::clone(events),
        });
        let (forms, own) = (deps.tickets.forms, sealer("kept form"));
        let forms = KeptForms::new(&shell, &sessions, forms, own, Arc::clone(events));
        let pages = Arc::new(LoginPages {
            shell: Arc::clone(&shell),
            handover: Arc::clone(&handover),
            login: deps.login,
            sessions: sessions.clone(),
            clients: deps.oauth.clients.clone(),
            flows: sealer("login flow"),
        });
        let account = Arc::new(Account {
            shell: Arc::clone(&shell),
            sessions: sessions.clone(),
            directory: Arc::clone(&deps.directory),
            logouts: sealer("logout"),
            events: Arc::clone(&deps.events),
        });
        let people = (&deps.sessions, &deps.directory);
        let tokens = PersonalTokens::new(&shell, people, deps.personal_tokens, events);
        let (settings, issuer) = (Arc::new(deps.oauth), shell.map().issuer().clone());
        let grants = Grants::new(GrantsDeps {
            store: deps.grants,
            sessions: deps.sessions,
            keys: Arc::clone(&deps.keys),
            settings: Arc::clone(&settings),
            picture: shell.views().picture(&issuer.url("")),
            issuer,
            directory: Arc::clone(&deps.directory),
            events: Arc::clone(&deps.events),
            system: deps.system.clone(),
        });
        let widget = Arc::new(Widget::new(Arc::clone(&pages)));
        let api = Arc::new(Api {
            settings,
            keys: deps.keys,
            grants,
            login_pages: Arc::clone(&pages),
            account: Arc::clone(&account),
            login_tickets: LoginTickets::new(deps.tickets.logins, deps.system.clone()),
            transactions: LoginTransactions::new(sealer("login transaction"), deps.system.clone()),
            fresh_logins: FreshLogins::new(keyring),
            events: deps.events,
        });
        let (forms, tokens) = (Arc::new(forms), Arc::new(tokens));
        let receipts = Arc::new(deps.receipts);
        Self { api, shell, sessions, pages, handover, account, forms, tokens, widget, receipts }
    }

    /// The answer to a problem: a page for a navigation, `application/problem+json` (RFC 9457)
    /// for anything else.
    pub fn problem(&self, problem: &Problem, failed: &FailedRequest<'_>) -> Response<Bytes> {
        self.shell.problem(problem, failed)
    }
}
