//! THE table of keys, a file for each part of the document. The document is checked against it, and
//! docs/config.md is generated from it. Does not read values.
mod brand;
mod client;
mod login;
mod server;
mod site;
mod sms;

pub(super) use super::key::{Key, Requirement, ValueType};

/// In the order of docs/config.md.
const PARTS: [&[Key]; 6] =
    [server::KEYS, brand::KEYS, login::KEYS, sms::KEYS, client::KEYS, site::KEYS];

/// Every key, in the order of docs/config.md.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    PARTS.into_iter().flatten()
}

/// The key `name` in the table with the path `table`, such as `site[].rule[]`.
pub(super) fn find(table: &str, name: &str) -> Option<&'static Key> {
    inside(table).find(|key| key.name() == name)
}

/// The keys of the table with the path `table`.
pub(super) fn inside(table: &str) -> impl Iterator<Item = &'static Key> {
    all().filter(move |key| key.table() == table)
}
