//! Phone numbers in the database, as a server with the stories' secret writes them.
use doorcode::domain::{BlindIndex, Keyring, ServerSecret};
use doorcode::store::ContactKeys;
use doorcode::system::System;

use super::settings::SECRET;

pub(crate) fn keyring(secrets: &[&str]) -> Keyring {
    let mut secrets = secrets.iter().map(|text| ServerSecret::new(text).expect("long enough"));
    Keyring::new(secrets.next().expect("one"), secrets.collect())
}

/// Of a server that has these secrets, newest first.
pub(crate) fn keys_of(secrets: &[&str]) -> ContactKeys {
    ContactKeys::new(&keyring(secrets), System::real())
}

pub(crate) fn contact_keys() -> ContactKeys {
    keys_of(&[SECRET])
}

/// What a number is found by: `contact_indexes.digest`.
pub(crate) fn index_of(phone: &str) -> String {
    let key = keyring(&[SECRET]).subkeys("contacts").swap_remove(0);
    BlindIndex::keyed(&key, &[b"value", b"phone", phone.as_bytes()]).to_hex()
}
