use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::account::Account;
use super::destinations::sent_from;
use super::problem::Problem;
use super::request::PageRequest;
use super::views::{DonePage, SignOutPage, SignedOutPage};
use crate::domain::ReturnTo;
use crate::store::StoreError;

/// The parameter that holds the sealed address of an application that a sign-out is to lead to.
const TO: &str = "to";

/// `GET /sign-out`: asks first, since a link or an image must not sign anybody out.
pub(crate) async fn ask(State(account): State<Arc<Account>>, request: PageRequest) -> Response {
    let shell = &account.shell;
    let request = request.at_site(shell);
    let Some(application) = account.application_address(&request) else {
        return shell.page(&request, StatusCode::OK, &SignOutPage { to: None });
    };
    match account.sessions.of(&request).await {
        Ok(None) => shell.page(&request, StatusCode::OK, &DonePage { resume: &application }),
        _ => shell.page(&request, StatusCode::OK, &SignOutPage { to: request.param(TO) }),
    }
}

/// `POST /sign-out`: ends the session, on the server first. With `as`, which asks to sign in as
/// another user, the next page leads back to the page that asked.
pub(crate) async fn submit(State(account): State<Arc<Account>>, request: PageRequest) -> Response {
    let request = request.at_site(&account.shell);
    if account.sign_out_browser(&request).await.is_err() {
        return account.shell.refuse_form(&request, &Problem::Unavailable);
    }
    let origin = &request.context.origin;
    let page = request.param("as").and_then(|_| sent_from(&request.headers, origin));
    let query = match (page, account.application_address(&request), request.param(TO)) {
        (Some(page), ..) => {
            format!("?return_to={}", utf8_percent_encode(page.as_str(), NON_ALPHANUMERIC))
        }
        (None, Some(_), Some(sealed)) => format!("?{TO}={sealed}"),
        (None, ..) => String::new(),
    };
    let signed_out = request.to_own(&format!("/signed-out{query}"));
    let cleared = request.session_cookies().map(|cookies| cookies.clear(""));
    cleared.fold(signed_out, |redirect, cookie| redirect.with(Some(cookie))).into_response()
}

/// `GET /signed-out`: says that it is done, or moves on to the application by itself: a redirect
/// straight from the form would be stopped by `form-action`.
pub(crate) async fn show(State(account): State<Arc<Account>>, request: PageRequest) -> Response {
    let shell = &account.shell;
    let request = request.at_site(shell);
    if let Some(to) = account.application_address(&request) {
        return shell.page(&request, StatusCode::OK, &DonePage { resume: &to });
    }
    let origin = &request.context.origin;
    let asked = request.param("return_to").and_then(ReturnTo::parse);
    let page = asked.filter(|path| shell.is_page(origin, path));
    let again = match page {
        Some(path) => format!("{origin}{}", path.as_str()),
        None => shell.begin_again(&request),
    };
    shell.page(&request, StatusCode::OK, &SignedOutPage { again: &again })
}

impl Account {
    /// Ends every session of the browser that counts here.
    async fn sign_out_browser(&self, request: &PageRequest) -> Result<(), StoreError> {
        for who in self.sessions.all_of(request).await? {
            self.sign_out(&who).await?;
        }
        Ok(())
    }

    /// The path of our page that asks whether to sign out and then leads to `to`, an address of
    /// the application that sent the user here.
    pub(crate) fn sign_out_path(&self, to: Option<String>) -> String {
        match to {
            Some(to) => format!("/sign-out?{TO}={}", self.logouts.seal(&to)),
            None => "/sign-out".to_owned(),
        }
    }

    /// The application's address that a request of these pages carries sealed.
    fn application_address(&self, request: &PageRequest) -> Option<String> {
        self.logouts.open(request.param(TO)?)
    }
}
