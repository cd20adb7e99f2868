//! When `/authorize` asked for a new login. The time is a parameter of the address that the login
//! leads back to, authenticated with the request and the browser that it belongs to.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::domain::{BrowserDigest, Keyring, Subkey};
use crate::system::Timestamp;

/// How long after it was asked for a login satisfies the request. Longer than a login takes, which
/// may be resumed after a wrong number or an expired code.
const LIFETIME: Duration = Duration::from_hours(1);
/// The length of the authentication code, in bytes.
const MAC: usize = 16;

/// Signs and verifies the parameter.
pub(crate) struct FreshLogins {
    /// Newest first: the first signs, all verify.
    keys: Vec<Subkey>,
}

/// What the parameter is good for.
#[derive(Clone, Copy)]
pub(super) struct FreshLogin<'a> {
    /// The query of `/authorize` without this parameter.
    pub(super) query: &'a str,
    pub(super) browser: &'a BrowserDigest,
}

impl FreshLogins {
    pub(crate) fn new(keyring: &Keyring) -> Self {
        Self { keys: keyring.subkeys("fresh login") }
    }

    /// The parameter's value for a login that is asked for at `since`.
    pub(super) fn sign(&self, login: FreshLogin<'_>, since: Timestamp) -> String {
        let millis = since.as_millis();
        let mac = mac(&self.keys[0], login, millis);
        format!("{millis}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// When the login was asked for; `None`: not by us, for another request or browser, or too long
    /// ago.
    pub(super) fn verify(
        &self,
        login: FreshLogin<'_>,
        text: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let (millis, given) = text.split_once('.')?;
        let given = URL_SAFE_NO_PAD.decode(given).ok()?;
        let millis: i64 = millis.parse().ok()?;
        let good = |key: &Subkey| bool::from(mac(key, login, millis)[..].ct_eq(&given));
        let since = Timestamp::from_millis(millis);
        (self.keys.iter().any(good) && since <= now && now.since(since) < LIFETIME).then_some(since)
    }
}

fn mac(key: &Subkey, login: FreshLogin<'_>, millis: i64) -> [u8; MAC] {
    let FreshLogin { query, browser } = login;
    let whole = key.mac(&[&millis.to_be_bytes(), browser.as_bytes(), query.as_bytes()]);
    let mut short = [0; MAC];
    short.copy_from_slice(&whole[..MAC]);
    short
}
