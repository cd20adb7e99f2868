use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::request::ApiRequest;
use crate::gate::Cookies;
use crate::oauth::Client;
use crate::pages::{Flow, PageRequest, Sealer, browser_of};
use crate::system::{System, Timestamp};

/// The name of the cookie.
const COOKIE: &str = "transaction";
const LIFETIME: Duration = Duration::from_mins(10);

/// Logins that `/authorize` began, each in a cookie of the browser that it sent to the login
/// pages.
pub(crate) struct LoginTransactions {
    sealer: Sealer,
    system: System,
}

#[derive(Serialize, Deserialize)]
struct Transaction {
    client: String,
    /// The digest of the browser's cookie, in base64url.
    browser: String,
    /// By `System::steady`, in milliseconds.
    until: i64,
}

impl LoginTransactions {
    pub(crate) const fn new(sealer: Sealer, system: System) -> Self {
        Self { sealer, system }
    }

    /// The `Set-Cookie` value for a login that begins.
    pub(super) fn cookie(&self, request: &PageRequest, client: &Client, flow: &Flow) -> String {
        let transaction = Transaction {
            client: client.id.to_string(),
            browser: URL_SAFE_NO_PAD.encode(flow.browser.as_bytes()),
            until: (self.system.steady() + LIFETIME).as_millis(),
        };
        let sealed = self.sealer.seal(&transaction);
        request.cookies.set(COOKIE, &sealed, Some(LIFETIME.as_secs()))
    }

    /// The id of the client whose login is in progress in the browser that sent `request`.
    pub(super) fn client_of(&self, request: &ApiRequest) -> Option<String> {
        let cookies = Cookies::for_origin(&request.context.origin);
        let found: Transaction = self.sealer.open(cookies.get(&request.headers, COOKIE)?)?;
        let browser = browser_of(cookies, &request.headers)?;
        let is_own = URL_SAFE_NO_PAD.encode(browser.as_bytes()) == found.browser;
        let valid = self.system.is_alive(Timestamp::from_millis(found.until), LIFETIME);
        (is_own && valid).then_some(found.client)
    }
}
