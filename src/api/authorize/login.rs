use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded::Serializer;

use super::reply::Error;
use super::request::{Asks, Request, SINCE};
use crate::domain::ReturnTo;
use crate::pages::Flow;
use crate::pages::Visit;
use crate::pages::Web;

/// Telemetry of SDKs: long, and of no use on the way back.
const DROPPED: &[&str] = &["auth0Client", SINCE];

/// What precedes the query of the way back here, below the issuer's base.
const HERE: &str = "/authorize?";

impl Web {
    /// Leads to our own pages, and from there back here with the same request.
    pub(super) fn log_in_first(
        &self,
        visit: &Visit,
        asks: &Asks<'_>,
        request: &Request,
    ) -> Response {
        let now = self.system.now();
        let mut query = Serializer::new(String::new());
        for (name, value) in asks.params.texts().filter(|(name, _)| !DROPPED.contains(name)) {
            query.append_pair(name, value);
        }
        let since = request.needs_new_login().then_some(now);
        if let Some(since) = since {
            query.append_pair(SINCE, &since.as_millis().to_string());
        }
        let back = format!("{}{HERE}{}", visit.facts.base, query.finish());
        let Some(back) = ReturnTo::parse(&back) else {
            let error = Error::new("invalid_request", "the request is too long");
            return self.deny(asks, &error);
        };
        let (browser, cookie) = visit.or_new_browser(self.system.random());
        let typed = request.hint.clone().unwrap_or_default();
        let flow = Flow { typed, since, ..Flow::to(visit.facts.origin.clone(), back, browser) };
        let mut language = asks.params.text("ui_locales").unwrap_or_default().split(' ');
        let language = language.find_map(|tag| self.shell.views().languages().by_tag(tag));
        let language = language.map(|language| format!("&lang={}", language.tag()));
        let login = format!("/login?flow={}{}", self.seal(&flow), language.unwrap_or_default());
        let transaction = self.transaction(visit, asks.client, &flow);
        visit.to_own(&login).with(cookie).with(Some(transaction)).into_response()
    }
}
