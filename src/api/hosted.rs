//! What auth0-js calls when it runs on the issuer's own login page: a code is looked at first,
//! and then used by going to a URL. Both are for the browser alone that `/authorize` sent here.
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::call::{Call, Handed};
use super::error::{ApiError, RateLimit};
use super::login_outcome::{ErrorDialect, LoginRefusal, WRONG, outcome};
use super::otp::phone_number;
use super::refusal::Refusal;
use crate::domain::BrowserDigest;
use crate::gate::Cookies;
use crate::login::{Asker, Gives};
use crate::oauth::{Client, Grant};
use crate::pages::Flow;
use crate::pages::views::Limit;
use crate::pages::{Problem, Web};
use crate::pages::{Redirect, Visit};
use crate::system::Timestamp;

/// A login that `/authorize` began in a browser, as a cookie keeps it.
const COOKIE: &str = "transaction";
const LIFE: Duration = Duration::from_mins(10);

pub(super) fn missing(name: &str) -> ApiError {
    let error = ApiError::bad("invalid_request", format!("missing {name} parameter"));
    error.because("a parameter is missing").naming(name)
}

#[derive(Serialize, Deserialize)]
struct Transaction {
    client: String,
    /// The digest of the browser's own cookie, in base64url.
    browser: String,
    until: i64,
}

/// `POST /passwordless/verify`. Takes a wrong answer's try, and gives a right one's back: it will
/// be used by the next call.
pub(crate) async fn verify(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<Response, ApiError> {
    let bad = |text: &'static str| ApiError::bad("invalid_request", text);
    let legacy = call.text("grant_type").is_some();
    let (phone, code) =
        if legacy { ("username", "password") } else { ("phone_number", "verification_code") };
    let connection = call.text("connection").ok_or_else(|| missing("connection"))?;
    let typed = call.text(phone).ok_or_else(|| missing(phone))?;
    let code = call.text(code).ok_or_else(|| missing(code))?;
    let under_way = web.under_way(&call);
    // `popup.passwordlessVerify` of auth0-js names no client: the login under way does.
    let client = client(&web, call.text("client_id").or(under_way.as_deref()))?;
    if !client.has_connection(connection) {
        return Err(bad("the connection was not found"));
    }
    let own = call.origin.as_ref().is_none_or(|origin| *origin == call.facts.origin);
    if !own || under_way.as_deref() != Some(client.id.as_str()) {
        return Err(bad("no login of this client is under way in this browser"));
    }
    let dialect = &ErrorDialect::LEGACY;
    let Some(phone) = phone_number(&web, typed) else {
        return Err(LoginRefusal::Wrong.into_error(dialect, &web));
    };
    let asker = Asker::api(client.id.as_str(), connection, call.facts.client);
    let verdict = web.login.peek(&asker, &phone, code).await?;
    outcome(verdict).map_err(|why| why.into_error(dialect, &web))?;
    Ok("OK".into_response())
}

/// `GET /passwordless/verify_redirect`: uses the code, and leads on to what the login is for.
/// Without the login of this browser it is a page: else a link could sign its reader in as
/// somebody else.
pub(crate) async fn verify_redirect(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let at = "/passwordless/verify_redirect";
    let refuse = |client: Option<&Client>, why| {
        web.refuse_application(&visit, client, at, &Refusal::new("invalid_request", why))
    };
    let flow = match web.flow(&visit, visit.asked("state").unwrap_or_default()) {
        Ok(flow) => flow,
        Err(astray) => return web.astray(&visit, &astray),
    };
    let Some(client) =
        web.client_of(&flow).filter(|client| visit.asked("client_id") == Some(client.id.as_str()))
    else {
        return refuse(None, "state is that of another client's login");
    };
    let connection = visit.asked("connection").unwrap_or_default();
    if !client.has_connection(connection) {
        return refuse(Some(client), "the connection was not found");
    }
    let phone = visit.asked("phone_number").and_then(|typed| phone_number(&web, typed));
    let (Some(phone), Some(code)) = (phone, visit.asked("verification_code")) else {
        return refuse(Some(client), WRONG);
    };
    let former = match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(former) => former.map(|who| who.session()),
        Err(_) => return web.unavailable(&visit),
    };
    let asker = Asker::api(client.id.as_str(), connection, visit.facts.client);
    let browser = visit.begins(former);
    let Ok(verdict) = web.login.verify(&asker, &phone, code, Gives::Browser(&browser)).await else {
        return web.unavailable(&visit);
    };
    match outcome(verdict) {
        Ok(who) => {
            let age = web.session.lifetime.as_secs();
            let cookie = who.token().map(|token| visit.session_cookie(token, age));
            Redirect::to(flow.destination()).with(cookie).into_response()
        }
        Err(LoginRefusal::Blocked) => web.refuse(&visit, &Problem::Denied(phone)),
        Err(LoginRefusal::Limited(limited)) => {
            let RateLimit { seconds, .. } = RateLimit::of(&limited, &web);
            let key = limited.row.key;
            web.refuse(&visit, &Problem::Limited { limit: Limit::Tries, key, seconds })
        }
        Err(LoginRefusal::Wrong | LoginRefusal::Expired | LoginRefusal::NoTries) => {
            refuse(Some(client), WRONG)
        }
    }
}

fn client<'w>(web: &'w Web, id: Option<&str>) -> Result<&'w Client, ApiError> {
    let client = web.oauth.clients.find(id.ok_or_else(|| missing("client_id"))?);
    let client = client.filter(|client| {
        [Grant::Passwordless, Grant::AuthorizationCode, Grant::Implicit, Grant::Ro]
            .into_iter()
            .any(|grant| client.may(grant))
    });
    client.ok_or_else(|| ApiError::forbidden("unauthorized_client", "invalid client"))
}

impl Web {
    /// The cookie by which a browser shows that `/authorize` sent it to our pages.
    pub(super) fn transaction(&self, visit: &Visit, client: &Client, flow: &Flow) -> String {
        let until = (self.system.now() + LIFE).as_millis();
        let browser = URL_SAFE_NO_PAD.encode(flow.browser.as_bytes());
        let transaction = Transaction { client: client.id.to_string(), browser, until };
        let sealed = self.transactions.seal(&transaction);
        visit.cookies.set(COOKIE, &sealed, Some(LIFE.as_secs()))
    }

    /// The client whose login `/authorize` began in the caller's browser.
    fn under_way(&self, call: &Call) -> Option<String> {
        let cookies = Cookies::for_origin(&call.facts.origin);
        let sealed = cookies.get(&call.headers, COOKIE);
        let found: Transaction = self.transactions.open(sealed?)?;
        let browser = cookies.get(&call.headers, "browser").map(BrowserDigest::of);
        let lives = self.system.now() < Timestamp::from_millis(found.until);
        let is_own = URL_SAFE_NO_PAD.encode(browser?.as_bytes()) == found.browser;
        (lives && is_own).then_some(found.client)
    }
}
