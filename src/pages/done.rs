use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::Web;
use super::views::{DonePage, MessagePage};
use super::visit::Visit;

/// The last of our pages: moves on to `resume` by itself. A redirect straight from the POST would
/// be stopped by `form-action`, which Chromium applies to every later hop as well.
pub(crate) async fn show(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let sealed = visit.asked("flow").unwrap_or_default();
    let resume = format!("{}/resume?flow={sealed}", visit.facts.base);
    match web.flow(&visit, sealed) {
        Ok(_) => web.page(&visit, StatusCode::OK, &DonePage { resume: &resume }),
        Err(astray) => web.astray(&visit, &astray),
    }
}

/// Out of our pages, to where the person wanted to go. A session cookie that did not come back
/// gets a page that says why, never another round.
pub(crate) async fn resume(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let flow = match web.flow(&visit, visit.asked("flow").unwrap_or_default()) {
        Ok(flow) => flow,
        Err(astray) => return web.astray(&visit, &astray),
    };
    match web.signed_in(&visit.headers, &visit.facts).await {
        Ok(Some(who)) => match web.way_out(&flow, &who).await {
            Ok(onward) => onward.into_response(),
            Err(_) => web.unavailable(&visit),
        },
        Ok(None) => {
            let (host, again) = (visit.facts.origin.host().as_str(), flow.destination());
            let page = MessagePage::NoCookie { host, again: &again };
            web.page(&visit, StatusCode::BAD_REQUEST, &page)
        }
        Err(_) => web.unavailable(&visit),
    }
}
