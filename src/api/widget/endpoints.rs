use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::request::WidgetRequest;
use super::service::Widget;
use crate::api::error::ApiError;
use crate::api::request::ApiRequest;
use crate::login::{LoginGrant, Started};
use crate::pages::views::CodeNotice;
use crate::pages::{PageRequest, outcome, with_cookie};

/// `GET /widget/start`: the form for a number, and the cookie that the login will belong to. No
/// form where the cookie would not come back, because the page is of another site, nor for a
/// browser that is signed in.
pub(crate) async fn show(
    State(widget): State<Arc<Widget>>,
    page: PageRequest,
    api_request: ApiRequest,
) -> Result<Response, ApiError> {
    let request = WidgetRequest::read(&widget.pages, &page, &api_request)?;
    if request.is_cross_site() {
        return Ok(request.elsewhere(StatusCode::OK));
    }
    if request.has_proven_page() {
        match widget.pages.sessions.of(&page).await {
            Ok(Some(_)) => return Ok(request.signed_in_before()),
            Ok(None) => {}
            Err(_) => return Ok(request.unavailable(None)),
        }
    }
    let (_, cookie) = page.or_new_browser(widget.pages.shell.system().random());
    Ok(with_cookie(request.number_form(StatusCode::OK, None), cookie))
}

/// `POST /widget/start`: a number was typed. Nothing is sent for a browser that did not bring its
/// cookie: it could not use the code.
pub(crate) async fn start(
    State(widget): State<Arc<Widget>>,
    page: PageRequest,
    api_request: ApiRequest,
) -> Result<Response, ApiError> {
    let request = WidgetRequest::read(&widget.pages, &page, &api_request)?;
    Ok(send_code(&request, |_| None).await)
}

/// `POST /widget/resend`: the code is asked for once more.
pub(crate) async fn resend(
    State(widget): State<Arc<Widget>>,
    page: PageRequest,
    api_request: ApiRequest,
) -> Result<Response, ApiError> {
    let request = WidgetRequest::read(&widget.pages, &page, &api_request)?;
    let notice = |started| match started {
        Started::CoolingDown(_) => Some(CodeNotice::NotYet { seconds: 1 }),
        Started::Queued(_) => Some(CodeNotice::Resent),
    };
    Ok(send_code(&request, notice).await)
}

/// Asks for a text and answers with the form for its code. `notice`: what the form says of it.
async fn send_code(
    request: &WidgetRequest<'_>,
    notice: fn(Started) -> Option<CodeNotice>,
) -> Response {
    let (requester, phone) = match request.number() {
        Ok(found) => found,
        Err(answer) => return *answer,
    };
    let cookie = phone.country().map(|country| request.visitor.country_cookie(country));
    let started = request.start(requester, &phone).await;
    let attempt = started.as_ref().map_or_else(|refused| refused.attempt, |of| of.attempt());
    let answer = match outcome::of_start(started) {
        Ok(started) => {
            request.code_form(&requester, (phone, Some(attempt)), None, notice(started)).await
        }
        Err(refusal) => request.refused(&requester, (phone, Some(attempt)), refusal).await,
    };
    with_cookie(answer, cookie)
}

/// `POST /widget/verify`: a code was typed.
pub(crate) async fn verify(
    State(widget): State<Arc<Widget>>,
    page: PageRequest,
    api_request: ApiRequest,
) -> Result<Response, ApiError> {
    let request = WidgetRequest::read(&widget.pages, &page, &api_request)?;
    let (requester, phone) = match request.number() {
        Ok(found) => found,
        Err(answer) => return Ok(*answer),
    };
    // Read before the code is spent: a failure after that would lock the user out.
    let Ok(former) = widget.pages.sessions.of(&page).await else {
        return Ok(request.unavailable(None));
    };
    let browser = page.browser_for_session(former.map(|former| former.session()));
    let typed = api_request.text("code").unwrap_or_default();
    let grant = LoginGrant::Browser(&browser);
    let checked = widget.pages.login.verify(&requester, &phone, typed, grant).await;
    Ok(match outcome::of_code(checked.verdict) {
        Ok(verified) => {
            let cookies = widget.pages.login_cookies(&page, requester.who, &phone, &verified);
            let [session, known] = cookies;
            with_cookie(with_cookie(request.signed_in(), session), known)
        }
        Err(refusal) => request.refused(&requester, (phone, checked.attempt), refusal).await,
    })
}
