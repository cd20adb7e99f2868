use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::login_pages::LoginPages;
use super::request::PageRequest;
use super::views::{DonePage, MessagePage};

/// `GET /done`: the last of our pages, which moves on to `/resume` by itself. A redirect straight
/// from the POST would be stopped by `form-action`, which Chromium applies to every later hop.
pub(crate) async fn show(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let request = pages.in_flow_of_query(request);
    let sealed = request.param("flow").unwrap_or_default();
    let resume = format!("{}/resume?flow={sealed}", request.context.base);
    match pages.flow(&request, sealed) {
        Ok(_) => pages.shell.page(&request, StatusCode::OK, &DonePage { resume: &resume }),
        Err(error) => pages.flow_error(&request, &error),
    }
}

/// `GET /resume`: redirects to where the login leads. A session cookie that did not come back
/// gets a page that says why, never another round.
pub(crate) async fn resume(State(pages): State<Arc<LoginPages>>, request: PageRequest) -> Response {
    let request = pages.in_flow_of_query(request);
    let flow = match pages.flow(&request, request.param("flow").unwrap_or_default()) {
        Ok(flow) => flow,
        Err(error) => return pages.flow_error(&request, &error),
    };
    match pages.sessions.of(&request).await {
        Ok(Some(who)) => match pages.handover.way_out(&flow, &who, request.chosen_language()).await
        {
            Ok(redirect) => redirect.into_response(),
            Err(_) => pages.shell.unavailable(&request),
        },
        Ok(None) => {
            let (host, again) = (request.context.origin.host().as_str(), flow.destination());
            let page = MessagePage::NoCookie { host, again: &again };
            pages.shell.page(&request, StatusCode::BAD_REQUEST, &page)
        }
        Err(_) => pages.shell.unavailable(&request),
    }
}
