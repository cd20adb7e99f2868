use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded::Serializer;

use super::reply::ErrorResponse;
use super::request::{AuthorizeParams, AuthorizeTarget, SINCE};
use crate::api::state::Api;
use crate::domain::ReturnTo;
use crate::pages::{Flow, PageRequest};

/// Parameters that are left out on the way back: telemetry of SDKs, which is long, and an earlier
/// one of ours.
const DROPPED: &[&str] = &["auth0Client", SINCE];

/// What precedes the query of the way back, below the issuer's base.
const HERE: &str = "/authorize?";

impl Api {
    /// Redirects to the login pages, which lead back here with the same request.
    pub(super) fn log_in_first(
        &self,
        visit: &PageRequest,
        asks: &AuthorizeTarget<'_>,
        request: &AuthorizeParams,
    ) -> Response {
        let system = self.shell().system();
        let since = request.needs_new_login().then(|| system.now());
        let mut query = Serializer::new(String::new());
        for (name, value) in asks.params.texts().filter(|(name, _)| !DROPPED.contains(name)) {
            query.append_pair(name, value);
        }
        if let Some(since) = since {
            query.append_pair(SINCE, &since.as_millis().to_string());
        }
        let back = format!("{}{HERE}{}", visit.context.base, query.finish());
        let Some(back) = ReturnTo::parse(&back) else {
            return self
                .deny(asks, &ErrorResponse::new("invalid_request", "the request is too long"));
        };
        let (browser, cookie) = visit.or_new_browser(system.random());
        let typed = request.hint.clone().unwrap_or_default();
        let flow = Flow { typed, since, ..Flow::to(visit.context.origin.clone(), back, browser) };
        let mut login = format!("/login?flow={}", self.login_pages.seal(&flow));
        let mut locales = asks.params.text("ui_locales").unwrap_or_default().split(' ');
        let languages = self.shell().views().languages();
        if let Some(language) = locales.find_map(|tag| languages.by_tag(tag)) {
            login.extend(["&lang=", language.tag()]);
        }
        let transaction = self.transactions.cookie(visit, asks.client, &flow);
        visit.to_own(&login).with(cookie).with(Some(transaction)).into_response()
    }
}
