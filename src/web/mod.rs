//! Own pages and endpoints, as one axum router that is called in process, never a server.
//! Knows no Pingora and no rule: those are in `login`, `session`, `gate`.
mod account;
mod assets;
mod challenge;
mod code;
mod done;
mod facts;
mod flow;
mod guard;
mod header_class;
mod me;
mod number;
pub mod pages;
mod problem;
mod routes;
mod sign_in;
mod sign_out;
mod visit;

use std::sync::Arc;

use crate::domain::{Keyring, Subkey};
use crate::events::Sink;
use crate::gate::Map;
use crate::login::Login;
use crate::session::Sessions;
use crate::system::System;
use crate::users::Directory;
use pages::Pages;

pub use facts::Facts;
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
    /// Seal what travels with the pages; newest first.
    seals: Vec<Subkey>,
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
    pub events: Arc<dyn Sink>,
    pub system: System,
}

impl Web {
    pub fn new(parts: Parts, keyring: &Keyring) -> Self {
        let Parts { login, sessions, session, directory, map, pages, events, system } = parts;
        let seals = keyring.subkeys("login flow");
        Self { login, sessions, session, directory, map, pages, seals, events, system }
    }

    /// The routes below the place that [`Facts::base`] names.
    pub fn router(self: Arc<Self>) -> axum::Router {
        routes::router(self)
    }
}
