use axum::response::Response;
use http::StatusCode;

use super::service::Widget;
use crate::api::error::ApiError;
use crate::api::request::ApiRequest;
use crate::domain::{Country, Origin, PhoneNumber};
use crate::login::{Requester, StartError, StartRequest, Started};
use crate::oauth::Client;
use crate::pages::{PageRequest, countries};

/// The connection that the element logs in with.
const CONNECTION: &str = "sms";

/// A request of the element, on a page that may log in.
pub(super) struct WidgetRequest<'a> {
    pub(super) widget: &'a Widget,
    pub(super) visit: &'a PageRequest,
    pub(super) call: &'a ApiRequest,
    pub(super) client: &'a Client,
    /// The page that holds the element.
    pub(super) page: &'a Origin,
}

impl<'a> WidgetRequest<'a> {
    /// The page proves that it is the client's, or our own, by its `Origin`, which no script can
    /// choose. A GET of the same origin sends none (Fetch §3.1), and reveals nothing.
    ///
    /// # Errors
    /// The client is unknown or may not log in with a number, or the page is none of the client's.
    pub(super) fn read(
        widget: &'a Widget,
        visit: &'a PageRequest,
        call: &'a ApiRequest,
    ) -> Result<Self, ApiError> {
        let client = call.client(&widget.clients);
        let client = client.filter(|client| client.may_use_connection(CONNECTION));
        let Some(client) = client else {
            let text = "client-id names no client that may log in with a number.";
            return Err(ApiError::forbidden("unauthorized_client", text));
        };
        let own = &visit.context.origin;
        let page = match &call.origin {
            Some(origin) if origin == own || client.trusts_page(origin) => origin,
            Some(origin) => {
                let text = format!("Origin {origin} is not among the web_origins of the client.");
                return Err(ApiError::forbidden("access_denied", text).foreign(origin));
            }
            None if !call.posted => own,
            None => return Err(ApiError::forbidden("access_denied", "Origin is missing.")),
        };
        Ok(Self { widget, visit, call, client, page })
    }

    /// Whether the browser sends none of our cookies (SameSite=Lax) from this page, as it says
    /// itself (Fetch Metadata §2.4).
    pub(super) fn is_cross_site(&self) -> bool {
        self.call.header("sec-fetch-site") == Some("cross-site")
    }

    /// Whether the page may learn that its browser is signed in. A request without `Origin` may
    /// come from an element of another page, which cannot read the answer but may see its effect.
    pub(super) fn has_proven_page(&self) -> bool {
        self.call.origin.is_some() || self.call.header("sec-fetch-site") == Some("same-origin")
    }

    /// The number that was typed, and the requester that its attempts belong to.
    ///
    /// # Errors
    /// The answer when there is none.
    pub(super) fn number(&self) -> Result<(Requester, PhoneNumber), Box<Response>> {
        if self.is_cross_site() {
            return Err(Box::new(self.elsewhere(StatusCode::FORBIDDEN)));
        }
        let Some(browser) = self.visit.browser() else { return Err(Box::new(self.no_cookie())) };
        let login = self.widget.pages.login();
        let home = self.country().or_else(|| countries::only(login.settings()));
        let typed = self.call.text("phone").unwrap_or_default();
        let phone = login
            .parse_number(typed, home)
            .map_err(|why| Box::new(self.number_form(StatusCode::BAD_REQUEST, Some(why.into()))))?;
        Ok((self.widget.pages.requester(self.visit, browser, &phone), phone))
    }

    /// The country chosen beside the number.
    pub(super) fn country(&self) -> Option<Country> {
        Country::parse(self.call.text("country")?).ok()
    }

    /// Asks for a text whose last line names the host of the page, so that the browser offers the
    /// code there.
    ///
    /// # Errors
    /// Those of [`crate::login::Login::start`].
    pub(super) async fn start(
        &self,
        asker: Requester,
        phone: &PhoneNumber,
    ) -> Result<Started, StartError> {
        let start = StartRequest {
            asker,
            phone,
            accept_language: self.visit.language_header(),
            page_language: Some(self.widget.shell.language_of(self.visit).tag()),
            page_host: Some(self.page.host()),
            application: Some(&self.client.name),
        };
        self.widget.pages.login().start(start).await
    }
}
