use axum::response::Response;
use http::StatusCode;

use crate::api::error::ApiError;
use crate::api::request::ApiRequest;
use crate::domain::{Country, Origin, PhoneNumber, TextChannel};
use crate::login::{Application, RefusedStart, Requester, StartRequest, Started};
use crate::oauth::Client;
use crate::pages::{LoginPages, PageRequest, countries};

/// The connection that the element logs in with.
const CONNECTION: &str = "sms";

/// A request of the element, on a page that may log in.
pub(super) struct WidgetRequest<'a> {
    pub(super) pages: &'a LoginPages,
    pub(super) visitor: &'a PageRequest,
    pub(super) api_request: &'a ApiRequest,
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
        pages: &'a LoginPages,
        visitor: &'a PageRequest,
        api_request: &'a ApiRequest,
    ) -> Result<Self, ApiError> {
        let client = api_request.client(&pages.clients);
        let client = client.filter(|client| client.may_use_connection(CONNECTION));
        let Some(client) = client else {
            let text = "client-id names no client that may log in with a number.";
            return Err(ApiError::forbidden("unauthorized_client", text));
        };
        let own = &visitor.context.origin;
        let page = match &api_request.origin {
            Some(origin) if origin == own || client.trusts_page(origin) => origin,
            Some(origin) => {
                let text = format!("Origin {origin} is not among the web_origins of the client.");
                return Err(ApiError::forbidden("access_denied", text).foreign(origin));
            }
            None if !api_request.posted => own,
            None => return Err(ApiError::forbidden("access_denied", "Origin is missing.")),
        };
        Ok(Self { pages, visitor, api_request, client, page })
    }

    /// Whether the browser sends none of our cookies (SameSite=Lax) from this page, as it says
    /// itself (Fetch Metadata §2.4).
    pub(super) fn is_cross_site(&self) -> bool {
        self.api_request.header("sec-fetch-site") == Some("cross-site")
    }

    /// Whether the page may learn that its browser is signed in. A request without `Origin` may
    /// come from an element of another page, which cannot read the answer but may see its effect.
    pub(super) fn has_proven_page(&self) -> bool {
        self.api_request.origin.is_some()
            || self.api_request.header("sec-fetch-site") == Some("same-origin")
    }

    /// The number that was typed, and the requester that its attempts belong to.
    ///
    /// # Errors
    /// The answer when there is none.
    pub(super) fn number(&self) -> Result<(Requester, PhoneNumber), Box<Response>> {
        if self.is_cross_site() {
            return Err(Box::new(self.elsewhere(StatusCode::FORBIDDEN)));
        }
        let Some(browser) = self.visitor.browser() else { return Err(Box::new(self.no_cookie())) };
        let login = &self.pages.login;
        let home = self.country().or_else(|| countries::only(login.settings()));
        let typed = self.api_request.text("phone").unwrap_or_default();
        let phone = login
            .parse_number(typed, home)
            .map_err(|why| Box::new(self.number_form(StatusCode::BAD_REQUEST, Some(why.into()))))?;
        Ok((self.pages.requester(self.visitor, browser, &phone), phone))
    }

    /// The country chosen beside the number.
    pub(super) fn country(&self) -> Option<Country> {
        Country::parse(self.api_request.text("country")?).ok()
    }

    /// Asks for a text whose last line names the host of the page, so that the browser offers the
    /// code there.
    ///
    /// # Errors
    /// Those of [`crate::login::Login::start`].
    pub(super) async fn start(
        &self,
        requester: Requester,
        phone: &PhoneNumber,
    ) -> Result<Started, RefusedStart> {
        let start = StartRequest {
            requester,
            phone,
            accept_language: self.visitor.language_header(),
            page_language: Some(self.pages.shell.language_of(self.visitor).tag()),
            page_host: Some(self.page.host()),
            application: Some(Application { id: &self.client.id, name: &self.client.name }),
            proof: None,
            channel: self.api_request.text("channel").and_then(TextChannel::parse),
        };
        self.pages.login.start(start).await
    }
}
