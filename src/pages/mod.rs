//! What people see: login pages, account, hand-over between hosts, problems, and their views.
//! Knows no Pingora and no rule: those are in `login`, `session`, `gate`.
pub(crate) mod account;
pub(crate) mod assets;
pub(crate) mod challenge;
pub(crate) mod code;
pub(crate) mod done;
pub(crate) mod facts;
pub(crate) mod flow;
pub(crate) mod handover;
mod header_class;
pub(crate) mod me;
pub(crate) mod number;
mod preflight;
mod problem;
pub(crate) mod refused;
mod sealed;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub mod views;
pub(crate) mod visit;

use std::sync::Arc;

use crate::domain::Keyring;
use crate::events::Sink;
use crate::gate::Map;
use crate::login::Login;
use crate::oauth::{self, Grants, GrantsDeps, SigningKeys};
use crate::session::Sessions;
use crate::store::{self, LoginTicket, Ticket, Tickets};
use crate::system::System;
use crate::users::Directory;
use sealed::Seals;
use views::{Packed, Pages};

pub use facts::{Facts, Unread};
pub use header_class::HeaderClass;
pub use problem::Problem;

/// What a handler may use. One for each configuration.
pub struct Web {
    pub(crate) login: Login,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) session: crate::session::Settings,
    pub(crate) directory: Arc<Directory>,
    pub(crate) map: Arc<Map>,
    pub(crate) pages: Pages,
    /// The script of `<sms-login>`.
    pub(crate) widget: Packed,
    /// What travels with the pages.
    pub(crate) flows: Seals,
    /// What a site on another host asks the issuer with.
    pub(crate) requests: Seals,
    /// What a browser keeps of a login that `/authorize` began.
    pub(crate) transactions: Seals,
    /// Where an application wants somebody to be who is asked whether to sign out.
    pub(crate) logouts: Seals,
    pub(crate) tickets: Arc<dyn Tickets<Ticket>>,
    pub(crate) login_tickets: Arc<dyn Tickets<LoginTicket>>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) oauth: Arc<oauth::Settings>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) events: Arc<dyn Sink>,
    pub(crate) system: System,
}

/// What a [`Web`] is made of.
pub struct Parts {
    pub login: Login,
    pub sessions: Arc<Sessions>,
    pub session: crate::session::Settings,
    pub directory: Arc<Directory>,
    pub map: Arc<Map>,
    pub pages: Pages,
    pub tickets: Arc<dyn Tickets<Ticket>>,
    pub login_tickets: Arc<dyn Tickets<LoginTicket>>,
    pub keys: Arc<SigningKeys>,
    pub oauth: oauth::Settings,
    pub grants: Arc<dyn store::Grants>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}

impl Web {
    pub fn new(parts: Parts, keyring: &Keyring) -> Self {
        let issuer = parts.map.issuer();
        let widget = parts.pages.element(&issuer.url(""));
        let settings = Arc::new(parts.oauth);
        let grants = Grants::new(GrantsDeps {
            store: parts.grants,
            sessions: Arc::clone(&parts.sessions),
            keys: Arc::clone(&parts.keys),
            settings: Arc::clone(&settings),
            issuer: issuer.clone(),
            picture: parts.pages.picture(&issuer.url("")),
            events: Arc::clone(&parts.events),
            system: parts.system.clone(),
        });
        Self {
            login: parts.login,
            sessions: parts.sessions,
            session: parts.session,
            directory: parts.directory,
            map: parts.map,
            pages: parts.pages,
            widget: Packed::new(widget.into()),
            flows: Seals::new(keyring, "login flow"),
            requests: Seals::new(keyring, "hand-over request"),
            transactions: Seals::new(keyring, "login transaction"),
            logouts: Seals::new(keyring, "logout"),
            tickets: parts.tickets,
            login_tickets: parts.login_tickets,
            keys: parts.keys,
            oauth: settings,
            grants: Arc::new(grants),
            events: parts.events,
            system: parts.system,
        }
    }
}
