//! Own pages and endpoints, as one axum router that is called in process, never a server.
//! Knows no Pingora and no rule: those are in `login`, `session`, `gate`.
mod account;
mod api;
mod assets;
mod challenge;
mod code;
mod done;
mod facts;
mod flow;
mod guard;
mod handover;
mod header_class;
mod keys;
mod me;
mod number;
pub mod pages;
mod preflight;
mod problem;
mod refused;
mod routes;
mod sealed;
mod sign_in;
mod sign_out;
mod visit;

use std::sync::Arc;

use crate::domain::Keyring;
use crate::events::Sink;
use crate::gate::Map;
use crate::login::Login;
use crate::oauth::{self, SigningKeys};
use crate::session::Sessions;
use crate::store::{Grants, LoginTicket, Ticket, Tickets};
use crate::system::System;
use crate::users::Directory;
use pages::{Packed, Pages};
use sealed::Seals;

pub use facts::{Facts, Unread};
pub use header_class::HeaderClass;
pub use problem::Problem;
pub use routes::{Place, Row, Who, rows};

/// What a handler may use. One for each configuration.
pub struct Web {
    login: Login,
    sessions: Arc<Sessions>,
    session: crate::session::Settings,
    directory: Arc<Directory>,
    map: Arc<Map>,
    pages: Pages,
    /// The script of `<sms-login>`.
    widget: Packed,
    /// What travels with the pages.
    flows: Seals,
    /// What a site on another host asks the issuer with.
    requests: Seals,
    /// What a browser keeps of a login that `/authorize` began.
    transactions: Seals,
    /// Where an application wants somebody to be who is asked whether to sign out.
    logouts: Seals,
    tickets: Arc<dyn Tickets<Ticket>>,
    login_tickets: Arc<dyn Tickets<LoginTicket>>,
    keys: Arc<SigningKeys>,
    oauth: oauth::Settings,
    grants: Arc<dyn Grants>,
    events: Arc<dyn Sink>,
    system: System,
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
    pub grants: Arc<dyn Grants>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}

impl Web {
    pub fn new(parts: Parts, keyring: &Keyring) -> Self {
        let widget = parts.pages.element(&parts.map.issuer().url(""));
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
            oauth: parts.oauth,
            grants: parts.grants,
            events: parts.events,
            system: parts.system,
        }
    }

    /// The routes below the place that [`Facts::base`] names.
    pub fn router(self: Arc<Self>) -> axum::Router {
        routes::router(self)
    }
}
