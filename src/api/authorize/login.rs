use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded::Serializer;

use super::reply::ErrorResponse;
use super::request::{AuthorizeParams, AuthorizeTarget, SINCE};
use crate::api::fresh_login::FreshLogin;
use crate::api::state::Api;
use crate::domain::ReturnTo;
use crate::pages::{Flow, PageRequest};
use crate::system::Timestamp;

/// Parameters that are left out on the way back: telemetry of SDKs, which is long, and an earlier
/// one of ours.
const DROPPED: &[&str] = &["auth0Client", SINCE];

/// What precedes the query of the way back, below the issuer's base.
const HERE: &str = "/authorize?";

impl Api {
    /// Redirects to the login pages, which lead back here with the same request.
    pub(super) fn log_in_first(
        &self,
        page: &PageRequest,
        asks: &AuthorizeTarget<'_>,
        request: &AuthorizeParams,
    ) -> Response {
        let system = self.shell().system();
        let since = request.needs_new_login().then(|| system.now());
        let (browser, cookie) = page.or_new_browser(system.random());
        let mut query = way_back(asks);
        if let Some(since) = since {
            let login = FreshLogin { query: &query, browser: &browser };
            let signed = self.fresh_logins.sign(login, since);
            query = format!("{query}&{SINCE}={signed}");
        }
        let back = format!("{}{HERE}{query}", page.context.base);
        let Some(back) = ReturnTo::parse(&back) else {
            return self
                .deny(asks, &ErrorResponse::new("invalid_request", "the request is too long"));
        };
        let typed = request.hint.clone().unwrap_or_default();
        let flow = Flow { typed, since, ..Flow::to(page.context.origin.clone(), back, browser) };
        let mut login = format!("/login?flow={}", self.login_pages.seal(&flow));
        let mut locales = asks.params.text("ui_locales").unwrap_or_default().split(' ');
        let languages = self.shell().views().languages();
        if let Some(language) = locales.find_map(|tag| languages.by_tag(tag)) {
            login.extend(["&lang=", language.tag()]);
        }
        let transaction = self.transactions.cookie(page, asks.client, &flow);
        page.to_own(&login).with(cookie).with(Some(transaction)).into_response()
    }

    /// When this very request sent this browser to the login pages; `None`: it did not, or too long
    /// ago.
    pub(super) fn since(
        &self,
        page: &PageRequest,
        asks: &AuthorizeTarget<'_>,
    ) -> Option<Timestamp> {
        let text = asks.params.text(SINCE)?;
        let login = FreshLogin { query: &way_back(asks), browser: &page.browser()? };
        self.fresh_logins.verify(login, text, self.shell().system().now())
    }
}

/// The query of the way back, without what is added to it.
fn way_back(asks: &AuthorizeTarget<'_>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(asks.params.texts().filter(|(name, _)| !DROPPED.contains(name)));
    query.finish()
}
