//! People: who may sign in, what they are told, and their own sessions.
mod accepted_numbers;
mod account;
mod attempts;
mod closed;
mod commands;
mod references;
mod refused_starts;
mod standing;
mod store;
mod test_numbers;
mod test_text;
mod text_stats;
mod ways;

pub(crate) use attempts::shown_reference;
use doorcode::domain::PhoneNumber;
use doorcode::store::{Database, SqlStore};
pub(crate) use references::history_of;

use crate::support::browser::Browser;
use crate::support::contacts::contact_keys;
use crate::support::gate::Gate;
use crate::support::http::Answer;

fn phone(e164: &str) -> PhoneNumber {
    PhoneNumber::from_store(e164).unwrap()
}

/// The database as another process sees it, such as a command of the operator's.
pub(crate) fn beside(gate: &Gate) -> SqlStore {
    let database = Database::Sqlite(gate.folder.path().join("doorcode.db"));
    gate.run(SqlStore::open(&database, contact_keys())).unwrap()
}

fn signed_in(gate: &Gate, phone: &str) -> Browser {
    let mut browser = gate.browser();
    browser.sign_in("/orders", phone, &gate.texts).is(200);
    browser
}

/// What a script is answered that asks for `target`.
fn script(browser: &mut Browser, target: &str) -> Answer {
    let lines = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];
    browser.send("GET", target, &lines, None)
}
